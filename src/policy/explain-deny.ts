import { unreachable } from '../base/assert.ts';
import type { Deny, DenyCode } from './decision.ts';

/**
 * What the agent is told about a refusal: the author's own words, else a sentence made from the
 * code and the rule id alone. It never holds an argument, and ends with what can be done.
 */
export function explainDeny(deny: Deny): string {
  return deny.message ?? sentence(deny.code, deny.rule);
}

function sentence(code: DenyCode, rule: string): string {
  switch (code) {
    case 'no-policy':
      return 'this grant has no policy for this server: ask its owner for one';
    case 'unknown':
    case 'hidden':
      return 'unknown tool: list the tools to see what there is';
    case 'unpinned':
      return 'the definition of this tool changed and waits for review: try again when it is accepted';
    case 'default-deny':
      return 'no rule of the policy allows this tool: use another tool, or ask for a rule';
    case 'action-deny':
      return 'the policy refuses this tool: use another tool';
    case 'invalid-arguments':
      return '`arguments` must be an object: send the arguments by name';
    case 'ambiguous-key':
      return 'an argument is named almost, but not exactly, as a rule names it: use the exact name';
    case 'schema':
      return rule.endsWith('(schema)')
        ? 'the policy asks for the schema of this tool, which cannot be used: ask for its repair'
        : 'the arguments do not satisfy the schema of this tool: correct them and call again';
    case 'arguments':
      return `the arguments do not satisfy the policy (${rule}): correct them and call again`;
    case 'require':
      return `a condition of the policy is not met (${rule}): correct the arguments and call again`;
    case 'deny-if':
      return `the policy refuses this call (${rule}): change the arguments, or use another tool`;
    case 'label':
      return `data that this session has read may not flow into this tool (${rule})`;
    case 'limit-cost':
      return `what this call would cost cannot be told (${rule}): send it as a plain number`;
    default:
      return unreachable(code);
  }
}
