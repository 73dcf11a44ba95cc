import type { PolicyProblem } from '../policy/index.ts';

/** Why the registry did not do as it was asked. `subject` is the name, label or id at fault. */
export type RegistryProblem =
  | { readonly code: SimpleProblemCode; readonly subject: string }
  | {
      readonly code: 'policy-invalid';
      readonly subject: string;
      readonly problems: readonly PolicyProblem[];
    };

type SimpleProblemCode =
  | 'label-invalid'
  /** A live grant has this label already, in the file or in the store. */
  | 'label-taken'
  /** Two grants carry one token. */
  | 'token-taken'
  | 'principal-invalid'
  | 'server-unknown'
  | 'server-taken'
  | 'policy-unknown'
  | 'grant-unknown'
  /** The operator's file declares it: it is changed there. */
  | 'declared-in-file'
  | 'name-invalid'
  /** Somebody saved a version meanwhile. */
  | 'policy-conflict'
  | 'store-failed';

/** One sentence for the operator or the console. */
export function explainRegistryProblem(problem: RegistryProblem): string {
  const subject = `\`${problem.subject}\``;
  switch (problem.code) {
    case 'label-invalid':
      return `${subject} is no label: use up to 32 of a-z 0-9 and -, starting with a-z or 0-9`;
    case 'label-taken':
      return `a live grant is called ${subject} already: choose another label, or revoke that one`;
    case 'token-taken':
      return `the token of ${subject} carries another grant already: give each its own`;
    case 'principal-invalid':
      return `${subject} is no principal: write a kind and a name, as in \`agent:ci\``;
    case 'server-unknown':
      return `there is no server ${subject}: add it to the operator's file, or by its address in the console`;
    case 'server-taken':
      return `there is a server ${subject} already: choose another name`;
    case 'policy-unknown':
      return `there is no policy ${subject}: add it to the operator's file, or save it in the console`;
    case 'grant-unknown':
      return `there is no live grant ${subject}`;
    case 'declared-in-file':
      return `${subject} is declared in the operator's file: change it there`;
    case 'name-invalid':
      return `${subject} is no name: use up to 32 of a-z 0-9 and -, starting with a-z or 0-9`;
    case 'policy-conflict':
      return `somebody saved ${subject} meanwhile: look at the newest version and save again`;
    case 'store-failed':
      return `the store could not be read or written for ${subject}: see the log`;
    case 'policy-invalid':
      return `the policy ${subject} does not load: ${problem.problems[0]?.message ?? 'see its problems'}`;
  }
}
