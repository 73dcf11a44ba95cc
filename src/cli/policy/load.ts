import { readJson } from '../../base/json-value.ts';
import { readFileSync } from 'node:fs';

import { err, ok, type Result } from '../../base/result.ts';
import {
  compilePolicy,
  parsePolicy,
  type CompiledPolicy,
  type PolicyDocument,
  type PolicyProblem,
} from '../../policy/index.ts';

/** A policy file that loads, with the text that lines and columns are counted in. */
export interface LoadedPolicy {
  readonly path: string;
  readonly text: string;
  readonly document: PolicyDocument;
  readonly policy: CompiledPolicy;
}

/** Why a policy file cannot be used: it cannot be read, or it has problems. */
export type LoadFailure =
  | { readonly kind: 'unreadable'; readonly path: string; readonly message: string }
  | {
      readonly kind: 'invalid';
      readonly path: string;
      readonly problems: readonly PolicyProblem[];
    };

/** Reads and compiles one policy file; `-` is standard input. */
export function loadPolicy(path: string): Result<LoadedPolicy, LoadFailure> {
  const text = readText(path);
  if (!text.ok) return err({ kind: 'unreadable', path, message: text.error });
  const document = parsePolicy(text.value);
  if (!document.ok) return err({ kind: 'invalid', path, problems: document.error });
  const policy = compilePolicy(document.value);
  if (!policy.ok) return err({ kind: 'invalid', path, problems: policy.error });
  return ok({ path, text: text.value, document: document.value, policy: policy.value });
}

/** The text of a file, `-` being standard input; the error says why there is none. */
export function readText(path: string): Result<string, string> {
  try {
    const bytes = readFileSync(path === '-' ? 0 : path);
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    return err(unreadable(path, error));
  }
}

/** Why a file cannot be read, and what to do; a text that is not UTF-8 has no code. */
function unreadable(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no file \`${path}\`: check its name`;
    case 'EISDIR':
      return `\`${path}\` is a folder: name a file in it`;
    case 'EACCES':
    case 'EPERM':
      return `\`${path}\` may not be read by this user: check its rights`;
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return `\`${path}\` is not UTF-8: save it in that encoding`;
    default:
      return `\`${path}\` cannot be read (${code || 'unknown'})`;
  }
}

/** JSON of a file that another program wrote; the error says why there is none. */
export function readJsonFile(path: string): Result<unknown, string> {
  const text = readText(path);
  if (!text.ok) return text;
  try {
    return ok(readJson(text.value));
  } catch {
    return err(`\`${path}\` is not JSON: check that it is the right file, and whole`);
  }
}

/** One line: file, line and column, pointer, what is wrong, and what to do about it. */
export function problemLine(path: string, level: string, problem: PolicyProblem): string {
  const { line, column, pointer, message, hint } = problem;
  const advice = hint === null ? '' : ` (${hint})`;
  return `${path}:${line}:${column}: ${level}: ${pointer || '/'}: ${message}${advice}`;
}

/** The lines that say why a policy file cannot be used. */
export function failureLines(failure: LoadFailure): readonly string[] {
  if (failure.kind === 'unreadable') return [failure.message];
  return failure.problems.map((problem) => problemLine(failure.path, 'error', problem));
}
