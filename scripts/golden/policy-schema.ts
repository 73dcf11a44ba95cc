import { policyJsonSchema } from '../../src/policy/json-schema.ts';

/** `spec/policy.schema.json`: the policy language for editors, made from the parser's own fields. */
export function render(): string {
  return `${JSON.stringify(policyJsonSchema(), null, 2)}\n`;
}
