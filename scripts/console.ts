// `npm run console`: builds the web console into dist/console. With `--if-stale` only when its
// sources, or the sources it takes from `src`, are newer than what was built: `npm start` does so.
import { existsSync, globSync, statSync } from 'node:fs';

import { build } from 'vite';

const OUT = 'dist/console/index.html';
const SOURCES = [
  'console/**/*.{ts,tsx,css,html}',
  'src/{base,policy}/**/*.ts',
  'spec/policy.schema.json',
  'package-lock.json',
];

/** Whether the built console is older than anything that it is built from. */
function isStale(): boolean {
  if (!existsSync(OUT)) return true;
  const builtMs = statSync(OUT).mtimeMs;
  return globSync(SOURCES).some((file) => statSync(file).mtimeMs > builtMs);
}

if (!process.argv.includes('--if-stale') || isStale()) {
  const startedMs = performance.now();
  await build({ configFile: 'console/vite.config.ts', logLevel: 'warn' });
  console.log(`built the console in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}
