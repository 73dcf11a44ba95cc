import { offsetOf, placesOf, readJsonTree } from '../../policy/json-tree.ts';
import type { PolicyDocument, PolicyProblem, Rule } from '../../policy/index.ts';
import { pointerToken } from '../../policy/problem.ts';

/** Parts of a document that this version of the gateway answers with a refusal or a wait. */
export function notCarriedOut(document: PolicyDocument, text: string): readonly PolicyProblem[] {
  const tree = readJsonTree(text);
  if (!tree.ok) return [];
  const placeOf = placesOf(text);
  const rules: readonly (readonly [string, Rule])[] = [
    ...Object.entries(document.tools ?? {}).map(([name, rule]): [string, Rule] => [
      `/tools/${pointerToken(name)}`,
      rule,
    ]),
    ...Object.entries(document.categories ?? {}).map(([name, rule]): [string, Rule] => [
      `/categories/${name}`,
      rule,
    ]),
  ];
  return rules.flatMap(([base, rule]) =>
    advice(base, rule).map((each) => ({
      ...each,
      ...placeOf(offsetOf(tree.value, each.pointer)),
    })),
  );
}

type Advice = Pick<PolicyProblem, 'pointer' | 'message' | 'hint'>;

function advice(base: string, rule: Rule): readonly Advice[] {
  const found: Advice[] = [];
  const asks = rule.action === 'require_approval' ? 'action' : null;
  const field = asks ?? ((rule.approve_if ?? []).length > 0 ? 'approve_if' : null);
  if (field !== null) {
    const message = 'held calls cannot be answered yet: a call that waits is not forwarded';
    found.push({ pointer: `${base}/${field}`, message, hint: null });
  }
  return found;
}
