import { debuglog, inspect } from 'node:util';

import { escapeUnprintable } from '../audit/encode-record.ts';
import type { Log } from '../base/log.ts';
import { exitCodes, sayFailed, type Io } from './io.ts';

/** What was running when something was thrown that nothing caught. */
export interface Interrupted {
  /** As it is called, such as `audit search`. */
  readonly command: string;
  readonly version: string;
  readonly json: boolean;
  /** Of a command that serves, and may never fail in this way again; null for any other. */
  readonly log: Log | null;
}

/**
 * Says in one line why a command ended before it had done its work, and sets the exit code: to 2
 * where the operating system refused something, to 3 where the fault is ours. Where it happened is
 * for the log, and for `NODE_DEBUG=portcullis`.
 */
export function sayThrown(io: Io, error: unknown, about: Interrupted): void {
  const { command, version, json, log } = about;
  const frames = framesOf(error);
  log?.error('ended by what nothing caught', { where: frames.map((one) => one.trim()).join('; ') });
  debuglog('portcullis')('%s\n%s', oneLine(error), frames.map(escapeUnprintable).join('\n'));
  if (isOfSystem(error)) {
    const message = `\`${command}\` could not be carried out: ${oneLine(error)}`;
    return sayFailed(io, { code: 'system', message }, json);
  }
  const message = `\`${command}\` ended through a bug in Portcullis ${version}, and may have done a part of its work: ${oneLine(error)}; please report it as an issue of the project's repository, with what the command says under \`NODE_DEBUG=portcullis\``;
  sayFailed(io, { code: 'bug', message }, json);
  process.exitCode = exitCodes.bug;
}

/** How far causes are followed. */
const causesMax = 8;

/** What a call of the operating system was answered, such as a full disk; also as what caused it. */
function isOfSystem(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > causesMax) return false;
  if ('syscall' in error && 'code' in error) return true;
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [error.cause];
  return causes.length > 0 && causes.every((cause) => isOfSystem(cause, depth + 1));
}

function oneLine(error: unknown): string {
  return escapeUnprintable(textOf(error).replaceAll(/\s+/g, ' ')).slice(0, 500);
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : inspect(error);
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  const more = causes.map((cause) => (cause instanceof Error ? cause.message : inspect(cause)));
  return `${error.name}: ${[error.message, ...more].filter((text) => text !== '').join(', ')}`;
}

/** Without the message, which may quote what was worked on. */
function framesOf(error: unknown): readonly string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.filter((line) => /^\s+at /.test(line));
}
