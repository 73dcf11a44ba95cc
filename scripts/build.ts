// `npm run build`: makes dist, which is what the package publishes: the program as a few files, and
// the console.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { bundledProgram, bundleIfStale } from './bundle.ts';

function run(args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  console.log(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trimEnd());
  console.log(`FAILED: node ${args.join(' ')}`);
  process.exit(1);
}

rmSync('dist', { recursive: true, force: true });
await bundleIfStale();
run(['scripts/console.ts']);
console.log(`built dist: the program says ${run([bundledProgram, '--version']).trim()}`);
