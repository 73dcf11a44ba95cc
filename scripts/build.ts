// `npm run build`: compiles src into dist, which is what the package publishes, and copies what the
// compiler leaves behind (data, pages, migrations).
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const OUT = 'dist';
const ENTRY = join(OUT, 'cli/cli.js');

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  console.log(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trimEnd());
  console.log(`FAILED: ${command} ${args.join(' ')}`);
  process.exit(1);
}

function copyAssets(): number {
  const assets = globSync('src/**/*', { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'))
    .map((entry) => join(relative(process.cwd(), entry.parentPath), entry.name));
  for (const asset of assets) {
    const target = join(OUT, relative('src', asset));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(asset, target);
  }
  return assets.length;
}

rmSync(OUT, { recursive: true, force: true });
run('tsc', ['-p', 'tsconfig.build.json']);
const assetCount = copyAssets();
run(process.execPath, ['scripts/console.ts']);
if (!existsSync(ENTRY)) {
  console.log(`FAILED: the build has no ${ENTRY}`);
  process.exit(1);
}
const version = run(process.execPath, [ENTRY, '--version']).trim();
console.log(`built ${OUT}: ${assetCount} assets, \`${ENTRY} --version\` says ${version}`);
