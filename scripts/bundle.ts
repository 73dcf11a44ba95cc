import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { Metafile, OutputFile, Plugin } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'src');
const out = join(root, 'dist');
/** What the bundle is made of beside `src`. */
const madeOf = ['package-lock.json', 'scripts/bundle.ts'];
/** Each is started by its own path: the program, its threads, and the servers that it runs. */
const entries = [
  'cli/cli',
  'storage/embedded/audit-index-worker',
  'storage/embedded/audit-sink-worker',
  'storage/catalogue/worker',
  'demo/orchard',
  'attacks/servers/start',
];
/** Says of which sources `dist` was made; absent while it is being made. */
const stampPath = join(out, '.stamp');
const lockPath = join(out, '.lock');
/** Milliseconds that another process may take to make it. */
const lockWaitMs = 120_000;
const requireBanner = `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url);`;
const licensesName = 'THIRD-PARTY.txt';

/** The program as it is published. */
export const bundledProgram: string = join(out, 'cli/cli.js');

/**
 * Makes `dist` of the sources unless it is made of these very sources: few files start in a
 * fraction of the time that many take. Any number of processes may call it at once; none goes on
 * before all of it is there. True when it was made anew.
 */
export async function bundleIfStale(): Promise<boolean> {
  if (isFresh()) return false;
  mkdirSync(out, { recursive: true });
  // The lock is the operating system's: it ends with the process that holds it.
  const lock = new DatabaseSync(lockPath, { timeout: lockWaitMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    if (isFresh()) return false;
    await bundle();
    return true;
  } finally {
    lock.close();
  }
}

function isFresh(): boolean {
  const isWhole = entries.every((entry) => existsSync(join(out, `${entry}.js`)));
  return isWhole && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp();
}

/** A digest of what every source is called, when it was written, and its length. */
function stamp(): string {
  const paths = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|json)$/.test(path) && !path.endsWith('.test.ts'))
    .map((path) => join('src', path));
  const hash = createHash('sha256');
  for (const path of [...paths.toSorted(), ...madeOf]) {
    // One that is gone by now is missing in the next stamp.
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    hash.update(`${path}\n${stat?.mtimeMs} ${stat?.size}\n`);
  }
  return hash.digest('hex');
}

async function bundle(): Promise<void> {
  const made = stamp();
  const { build, stop } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    entryPoints: entries.map((entry) => join(sources, `${entry}.ts`)),
    outbase: sources,
    outdir: out,
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    // One package's `main` is of a form that cannot be bundled.
    mainFields: ['module', 'main'],
    chunkNames: 'chunks/[name]-[hash]',
    legalComments: 'none',
    logLevel: 'warning',
    // Packages of the older form ask for modules of Node by `require`.
    banner: { js: requireBanner },
    plugins: [asIfApart],
  });
  await stop();
  rmSync(stampPath, { force: true });
  // Entries last, each at once: whoever starts meanwhile finds what it asks for.
  const isEntry = ({ path }: OutputFile): boolean => dirname(path) !== join(out, 'chunks');
  for (const file of outputFiles.toSorted((a, b) => Number(isEntry(a)) - Number(isEntry(b)))) {
    replace(file.path, file.contents);
  }
  replace(join(out, licensesName), Buffer.from(licenses(metafile)));
  removeOthers(new Set(outputFiles.map((file) => file.path)));
  replace(stampPath, Buffer.from(made));
}

/**
 * What a file finds from its own address it finds in the bundle, too: each keeps the address that
 * it would have had if `src` had been compiled to `dist` file by file.
 */
const asIfApart: Plugin = {
  name: 'as-if-apart',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.url')) return undefined;
      const place = JSON.stringify(relative(sources, path).replace(/\.ts$/, '.js'));
      const folder = "import.meta.url.slice(0, import.meta.url.lastIndexOf('/dist/') + 6)";
      const address = `new URL(${place}, ${folder}).href`;
      return { contents: text.replaceAll('import.meta.url', address), loader: 'ts' };
    });
  },
};

function replace(path: string, contents: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const aside = join(out, `.${basename(path)}`);
  writeFileSync(aside, contents);
  renameSync(aside, path);
}

/** Removes what an earlier bundle left behind. */
function removeOthers(made: ReadonlySet<string>): void {
  const folders = new Set(entries.map((entry) => entry.split('/')[0] ?? '')).add('chunks');
  for (const folder of folders) {
    for (const entry of readdirSync(join(out, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && !made.has(path)) rmSync(path);
    }
  }
}

/** The licences of the packages whose code is in the bundle. */
function licenses({ outputs }: Metafile): string {
  const folders = new Set<string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const input of Object.keys(inputs)) {
      const folder = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
      if (folder !== undefined) folders.add(resolve(root, folder));
    }
  }
  const texts = [...folders].toSorted().map((folder) => {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const { name, version, license } = manifest as Record<string, string>;
    const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)/i.test(one));
    const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    return `${name} ${version} (${license})\n${text}`;
  });
  return `The program contains code of these packages.\n\n${texts.join(`\n${'-'.repeat(72)}\n\n`)}`;
}
