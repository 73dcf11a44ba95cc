import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';

import { Command, CommanderError } from 'commander';

import { jsonLog } from '../main/log.ts';
import { sayThrown } from './bug.ts';
import { addCommands } from './commands/commands.ts';
import { exitCodes, sayUsage, terminal } from './io.ts';

// What a call makes dies with the call. Where V8 guesses from the first calls that it lives long, each
// later call is laid out among what is old, and a full collection has to find out that it is dead.
setFlagsFromString('--no-allocation-site-pretenuring');

const program = new Command('portcullis')
  .description('checks every call of an agent to an MCP server against a policy, before it is made')
  .version(packageVersion())
  .enablePositionalOptions()
  .configureOutput({ outputError: sayMisused })
  .exitOverride();
const [word] = process.argv.slice(2);
const serves = word === 'up' || word === 'run';
let command = program.name();
program.hook('preAction', (_, called) => {
  command = wordsOf(called);
});
process.on('uncaughtException', endThrown);

const enough = new AbortController();
// What serves says itself how it ends.
if (!serves) {
  process.once('SIGINT', () => enough.abort());
  // Whoever read the output, such as `head`, has read enough: what goes on without an end ends.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') endThrown(error);
    enough.abort();
  });
}
const { signal } = enough;
await addCommands(program, word, { io: terminal, version: packageVersion(), signal });

// A gateway whose log nobody reads any more still answers, and keeps its records.
process.stderr.on('error', () => undefined);

// What runs for a while may be killed: what was compiled for it is kept before.
setTimeout(flushCompileCache, 2_000).unref();
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) endThrown(error);
  else process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.failed;
}

/** A command as it is called, without the name of the program. */
function wordsOf(called: Command): string {
  const { parent } = called;
  if (parent === null || parent === program) return called.name();
  return `${wordsOf(parent)} ${called.name()}`;
}

/** Nothing goes on behind what nobody expected: what it would do is anybody's guess. */
function endThrown(error: unknown): never {
  const log = serves ? jsonLog((line) => process.stderr.write(line)) : null;
  sayThrown(terminal, error, { command, version: packageVersion(), json: wantsJson(), log });
  process.exit();
}

/** What is wrong with the command line, said as everything else that cannot be carried out. */
function sayMisused(text: string): void {
  const [first = '', ...more] = text.trim().split('\n');
  const said = [first.replace(/^error: /, ''), ...more].join(' ').replace(/\.$/, '');
  sayUsage(terminal, `${said}; see --help`, wantsJson());
}

function wantsJson(): boolean {
  const own = process.argv.slice(2);
  const end = own.indexOf('--');
  // What `run` writes to stdout is for an MCP client.
  return own[0] !== 'run' && own.slice(0, end < 0 ? own.length : end).includes('--json');
}

/** The version of the package that this file belongs to, in a checkout and when published. */
function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const version =
    typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : null;
  return typeof version === 'string' ? version : '0.0.0';
}
