import { PassThrough } from 'node:stream';

import type { Command } from 'commander';

import { runWrapped } from '../../main/run-wrapped.ts';
import { exitCodes, type Io } from '../io.ts';

interface RunOptions {
  readonly policy: string;
  readonly audit?: string;
  readonly open?: readonly string[];
  readonly hold: string;
}

/** `portcullis run`: the same checks around one stdio server, for a client that speaks stdio. */
export function addRunCommand(program: Command, io: Io): void {
  program
    .command('run')
    .description('wrap one stdio server: speak stdio to the client, check every call, record it')
    .usage('--policy <file> [--audit <dir>] -- command [args...]')
    .requiredOption('--policy <file>', 'the policy document that every call is judged by')
    .option('--audit <dir>', 'folder of the audit log; default: one for this policy and command')
    .option(
      '--open <family...>',
      'what the server may ask of the client: sampling, elicitation, roots',
    )
    .option('--hold <seconds>', 'how long a call that waits for a person keeps the client', '45')
    .argument('<command>', 'the server to start')
    .argument('[args...]', 'its arguments, exactly')
    .passThroughOptions()
    .action(async (command: string, args: readonly string[], options: RunOptions) => {
      if (!/^([0-9]|[1-4][0-9]|5[0-5])$/.test(options.hold)) {
        io.err(`portcullis: --hold: \`${options.hold}\` is no number of seconds from 0 to 55`);
        process.exit(exitCodes.failed);
      }
      const input = new PassThrough();
      process.stdin.pipe(input);
      // Whoever ends this program does not wait for answers; what is under way goes on record.
      const gone = new AbortController();
      const end = (): void => {
        process.stdin.unpipe(input);
        gone.abort();
        input.end();
      };
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
      process.stdin.on('error', end);
      process.stdout.on('error', end);
      const ended = await runWrapped({
        policyPath: options.policy,
        auditDir: options.audit ?? null,
        open: options.open ?? [],
        holdMs: Number(options.hold) * 1_000,
        command,
        args,
        input,
        output: process.stdout,
        signal: gone.signal,
      });
      if (!ended.ok) io.err(`portcullis: ${ended.error}`);
      process.exit(ended.ok ? exitCodes.done : exitCodes.failed);
    });
}
