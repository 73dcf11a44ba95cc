// `npm run golden` writes every generated file again; `--check` only says which of them differ.
// A generator is a file of scripts/golden: `render(): string`, and `target` where the name does not
// say it (`policy-schema.ts` writes spec/policy.schema.json).
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Generated {
  readonly target: string;
  readonly text: string;
}

async function generate(generator: string): Promise<Generated> {
  const loaded: unknown = await import(pathToFileURL(resolve(generator)).href);
  if (typeof loaded !== 'object' || loaded === null || !('render' in loaded)) {
    throw new Error(`${generator} exports no \`render\``);
  }
  if (typeof loaded.render !== 'function')
    throw new Error(`${generator}: \`render\` is no function`);
  // A function by the line above; what it returns is looked at below.
  const text = await (loaded.render as () => unknown)();
  if (typeof text !== 'string') throw new Error(`${generator}: \`render\` gave no text`);
  const target = 'target' in loaded ? loaded.target : targetOf(generator);
  if (typeof target !== 'string') throw new Error(`${generator} names no target`);
  return { target, text };
}

function targetOf(generator: string): string | null {
  const match = /^(?<name>.+)-schema\.ts$/.exec(basename(generator));
  return match === null ? null : `spec/${match.groups?.['name'] ?? ''}.schema.json`;
}

async function main(checkOnly: boolean): Promise<void> {
  const generators = globSync('scripts/golden/*.ts').filter((file) => !file.endsWith('.test.ts'));
  for (const generator of generators.sort()) {
    const { target, text } = await generate(generator);
    const same = existsSync(target) && readFileSync(target, 'utf8') === text;
    if (same) continue;
    if (checkOnly) {
      console.log(`${target} differs from what ${generator} renders: run \`npm run golden\``);
      process.exitCode = 1;
    } else {
      writeFileSync(target, text);
      console.log(`wrote ${target}`);
    }
  }
  if (process.exitCode !== 1) console.log(`${generators.length} generated files are up to date`);
}

await main(process.argv.includes('--check'));
