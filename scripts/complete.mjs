// Whether a checkout has all of its packages, before anything needs one. Plain JavaScript of an old
// dialect: without its packages a checkout is run by whatever Node there is.
import { existsSync, readFileSync } from 'fs';
import { join } from 'path';
import { fileURLToPath } from 'url';

const SHOWN = 3;

const folder = fileURLToPath(new URL('..', import.meta.url));
const missing = [...missingOf(''), ...missingOf('console')];

if (missing.length > 0) {
  const shown = missing.slice(0, SHOWN).join(', ');
  const more = missing.length > SHOWN ? ' and ' + (missing.length - SHOWN) + ' more' : '';
  process.stderr.write(
    'portcullis could not start: the packages ' +
      shown +
      more +
      ' are missing; a checkout needs all of its packages, those for development too: run `npm ci --include=dev` in ' +
      folder +
      '\n',
  );
  process.exitCode = 2;
}

/**
 * Packages that a part of the checkout names, and that are not there.
 *
 * @param {string} part
 */
function missingOf(part) {
  const file = join(folder, part, 'package.json');
  if (!existsSync(file)) return [];
  /** @type {{ dependencies?: object, devDependencies?: object }} */
  const { dependencies, devDependencies } = JSON.parse(String(readFileSync(file)));
  const places = [join(folder, part, 'node_modules'), join(folder, 'node_modules')];
  return Object.keys({ ...dependencies, ...devDependencies }).filter(
    (name) => !places.some((place) => existsSync(join(place, name))),
  );
}
