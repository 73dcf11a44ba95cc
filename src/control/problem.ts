import { err, type Result } from '../base/result.ts';
import { explainRegistryProblem, type RegistryProblem } from '../registry/problem.ts';

/** Why an operation was not done, and what to do: for a person. */
export interface ControlProblem {
  readonly code:
    | 'invalid'
    | 'unauthorized'
    | 'forbidden'
    | 'not-found'
    | 'conflict'
    | 'read-only'
    | 'too-many'
    | 'not-recorded';
  readonly message: string;
  /** Where in the input it is, when it can be said: for forms and editors. */
  readonly problems?: readonly PlacedProblem[];
}

/** One fault of a document: JSON Pointer, line and column counted from 1. */
export interface PlacedProblem {
  readonly pointer: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string | null;
}

const codeOf: Readonly<Record<RegistryProblem['code'], ControlProblem['code']>> = {
  'label-invalid': 'invalid',
  'name-invalid': 'invalid',
  'principal-invalid': 'invalid',
  'server-unknown': 'invalid',
  'server-taken': 'conflict',
  'policy-unknown': 'invalid',
  'policy-invalid': 'invalid',
  'label-taken': 'conflict',
  'token-taken': 'conflict',
  'policy-conflict': 'conflict',
  'grant-unknown': 'not-found',
  'declared-in-file': 'read-only',
  'store-failed': 'not-recorded',
};

/** A registry's problem as an answer of the API. */
export function explain(problem: RegistryProblem): ControlProblem {
  const answer = { code: codeOf[problem.code], message: explainRegistryProblem(problem) };
  return problem.code === 'policy-invalid' ? { ...answer, problems: problem.problems } : answer;
}

export function invalid(message: string): Result<never, ControlProblem> {
  return err({ code: 'invalid', message });
}

export function missing(what: string, name: string): Result<never, ControlProblem> {
  return err({ code: 'not-found', message: `there is no ${what} \`${name}\`` });
}

export function conflict(message: string): Result<never, ControlProblem> {
  return err({ code: 'conflict', message });
}

/** The file declares it, so that it is changed there. */
export function declaredInFile(subject: string): Result<never, ControlProblem> {
  return err(explain({ code: 'declared-in-file', subject }));
}
