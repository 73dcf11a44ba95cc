import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { context, type BuildContext, type Plugin } from 'esbuild';

/** The file that is made. */
export const bundleName = 'bundle.mjs';

/**
 * Makes one file of the engine in `folder` and of all its tests; `rebuild`
 * reads again what changed. Starting that one file takes a fraction of what the files apart take.
 * Its argument is the test file to begin with.
 */
export async function bundleTests(folder: string): Promise<BuildContext> {
  return context({
    stdin: { contents: entryText(folder), resolveDir: folder, loader: 'ts' },
    bundle: true,
    outfile: join(folder, bundleName),
    format: 'esm',
    platform: 'node',
    packages: 'external',
    absWorkingDir: folder,
    logLevel: 'silent',
    plugins: [asIfInPlace(folder)],
  });
}

/** The cases notice most changes, the laws take longest. */
function entryText(folder: string): string {
  const cases = 'src/policy/cases.test.ts';
  const unit = globSync('src/policy/**/*.test.ts', { cwd: folder })
    .filter((file) => file !== cases && !file.includes('.oracle.'))
    .toSorted();
  const laws = globSync('test/policy/*.property.test.ts', { cwd: folder }).toSorted();
  const imports = [cases, ...unit, ...laws].map((file) => `import './${file}';`);
  const end = `import { runAll } from './scripts/mutant-tests.ts';
await runAll(process.argv[2] ?? '');`;
  return [...imports, end].join('\n');
}

/** Test files get the stand-in for `node:test`, and every file the address it had before. */
function asIfInPlace(folder: string): Plugin {
  return {
    name: 'as-if-in-place',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const file = relative(folder, path);
        const standIn = JSON.stringify(join(folder, 'scripts/mutant-tests.ts'));
        const contents = readFileSync(path, 'utf8')
          .replace(
            /import \{ ((?:test|before|, )+) \} from 'node:test';/,
            `import { testsOf } from ${standIn};\nconst { $1 } = testsOf(${JSON.stringify(file)});`,
          )
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
          .replaceAll('import.meta.main', 'false');
        return { contents, loader: 'ts' };
      });
    },
  };
}
