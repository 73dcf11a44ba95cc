import { readJson } from '../../base/json-value.ts';

import { readText } from '../../config/text-file.ts';
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
