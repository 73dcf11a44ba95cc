import { canNeverPermit, isHidden, requestAbout } from './visible.ts';
import { barriersOf } from './barrier.ts';
import type { Barrier } from './barrier.ts';
import { ruleFor } from './compile.ts';
import type { CompiledPolicy } from './compile.ts';
import type { PinnedTool } from './request.ts';

/** What a change of a policy does to the calls of one tool. */
export interface PolicyChange {
  readonly tool: string;
  readonly kind: ChangeKind;
  /** The rule that makes the difference: in the new document, or in the old one when it is gone. */
  readonly rule: string;
  /** In words, for people: lower case, no final period. */
  readonly text: string;
}

export type ChangeKind =
  /** Some calls that were refused, or limited more tightly, may pass now. */
  | 'allows'
  /** Some calls that passed are refused now, or limited more tightly. */
  | 'refuses'
  /** Some calls that passed wait for a person now. */
  | 'asks'
  /** Some calls that waited for a person pass without. */
  | 'asks-no-more'
  /** A label is put on the principal now: calls of other tools may be refused for it. */
  | 'labels'
  /** A label is put on the principal no more. */
  | 'labels-no-more'
  /** The tool is in lists now. */
  | 'shows'
  /** The tool is in no list any more. */
  | 'hides';

/**
 * What the new document newly allows and newly refuses, tool by tool. It is worked out from the
 * documents: whatever is not known to be unchanged is reported, so a change that has no entry here
 * changes no decision for these tools.
 */
export function diffPolicies(
  before: CompiledPolicy,
  after: CompiledPolicy,
  tools: readonly PinnedTool[],
): readonly PolicyChange[] {
  return tools.flatMap((tool) => diffTool(before, after, tool));
}

function diffTool(
  before: CompiledPolicy,
  after: CompiledPolicy,
  tool: PinnedTool,
): readonly PolicyChange[] {
  const [was, is] = [standing(before, tool), standing(after, tool)];
  const name = tool.name;
  const changes: PolicyChange[] = [];
  if (was.hidden !== is.hidden) {
    const kind = is.hidden ? 'hides' : 'shows';
    changes.push({
      tool: name,
      kind,
      rule: is.rule,
      text: `${is.hidden ? 'hidden' : 'listed'} now`,
    });
  }
  if (was.closed && is.closed) return changes;
  if (was.closed) {
    const barriers = barriersOf(after.document, tool);
    const text = `allowed now${barriers.length > 0 ? ', within its rule' : ''}: was ${was.text}`;
    return [...changes, { tool: name, kind: 'allows', rule: is.rule, text }];
  }
  if (is.closed) {
    return [...changes, { tool: name, kind: 'refuses', rule: is.rule, text: `${is.text} now` }];
  }
  return [...changes, ...compare(before, after, tool)];
}

interface Standing {
  readonly hidden: boolean;
  /** Whether no call can pass. */
  readonly closed: boolean;
  readonly rule: string;
  readonly text: string;
}

function standing(policy: CompiledPolicy, tool: PinnedTool): Standing {
  const request = requestAbout(tool);
  const rule = ruleFor(policy, request);
  if (isHidden(policy, request)) {
    return { hidden: true, closed: true, rule: '(hidden)', text: 'hidden' };
  }
  if (rule.refusal !== null) {
    const text = rule.refusal.code === 'action-deny' ? 'denied' : 'denied by default';
    return { hidden: false, closed: true, rule: rule.refusal.rule, text };
  }
  const closed = canNeverPermit(rule, request);
  return { hidden: false, closed, rule: rule.id, text: closed ? 'never permitted' : 'permitted' };
}

/** Barriers of one side that nothing on the other side stands for. */
function compare(
  before: CompiledPolicy,
  after: CompiledPolicy,
  tool: PinnedTool,
): readonly PolicyChange[] {
  const [was, is] = [barriersOf(before.document, tool), barriersOf(after.document, tool)];
  const added = is.filter((barrier) => !was.some((other) => barrier.isCoveredBy(other)));
  const removed = was.filter((barrier) => !is.some((other) => barrier.isCoveredBy(other)));
  const changes: PolicyChange[] = [];
  for (const { effect, rule, text } of removed) {
    const kind = kinds[effect].removed;
    changes.push({ tool: tool.name, kind, rule, text: `no longer ${text}` });
  }
  for (const { effect, rule, text } of added) {
    changes.push({ tool: tool.name, kind: kinds[effect].added, rule, text: `now ${text}` });
  }
  return changes;
}

const kinds: Readonly<Record<Barrier['effect'], { removed: ChangeKind; added: ChangeKind }>> = {
  refuses: { removed: 'allows', added: 'refuses' },
  holds: { removed: 'asks-no-more', added: 'asks' },
  labels: { removed: 'labels-no-more', added: 'labels' },
};
