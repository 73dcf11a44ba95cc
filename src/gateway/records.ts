import type { IntentRecord, MethodRecord, RefusalRecord, UnitsTaken } from '../audit/record.ts';
import { newId } from '../base/id.ts';
import type { Receipt } from '../counters/counters.ts';
import { isLabelKey } from '../counters/key.ts';
import { countedUnits } from '../counters/receipt.ts';
import type { Permitted, Refused } from './enforce.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { recordExtras } from './record-extras.ts';
import { argumentKeys, type ToolCall } from './question.ts';

/**
 * The record of intent: what is about to be forwarded, and the units it took. It is dated no earlier
 * than its units, so that counters that are rebuilt from it let none go too soon.
 */
export function intentRecord(gateway: Gateway, call: ToolCall, permitted: Permitted): IntentRecord {
  const { caller, question, message, policy } = call;
  const { grant } = caller;
  let time = call.timeMs;
  for (const receipt of permitted.receipts) time = Math.max(time, receipt.atMs);
  const labels = labelsOf(permitted.receipts);
  const record: IntentRecord = {
    kind: 'intent',
    id: call.id,
    time,
    grant: grant.id,
    principal: grant.principal.id,
    server: caller.server,
    tool: question.toolName,
    pin: question.tool?.digest ?? null,
    policy: policy?.name ?? null,
    policyVersion: policy?.version ?? null,
    mode: grant.mode,
    era: message.era,
    clientDeclared: caller.clientDeclared,
    session: caller.session?.seal ?? null,
    argumentKeys: argumentKeys(call),
    argumentsDigest: call.argumentsDigest,
    rule: permitted.rule,
    decision: permitted.decision,
    units: unitsOf(permitted.receipts),
    wouldRefuse: permitted.wouldRefuse,
  };
  const extras = recordExtras(gateway, call);
  return labels === null && extras === null ? record : { ...record, ...labels, ...extras };
}

/** The labels that a call sets, where it sets any. */
function labelsOf(receipts: readonly Receipt[]): Required<Pick<IntentRecord, 'labels'>> | null {
  for (const { marks } of receipts) {
    if (marks === undefined || marks.length === 0) continue;
    const all = receipts.flatMap((receipt) => receipt.marks ?? []);
    return { labels: [...new Set(all.map(({ label }) => label))] };
  }
  return null;
}

/** What the outcome of a call repeats of its labels, which last from its end; null where none were set. */
export function labelUnits(receipts: readonly Receipt[]): readonly UnitsTaken[] | null {
  for (const { marks } of receipts) {
    if (marks === undefined || marks.length === 0) continue;
    return unitsOf(receipts).filter(({ key }) => isLabelKey(key));
  }
  return null;
}

/** The record of a call that is not forwarded. */
export function refusalRecord(gateway: Gateway, call: ToolCall, refusal: Refused): RefusalRecord {
  const { effect, code, rule, message, retryAfterMs } = refusal;
  const nothing = { effect: 'permitted', receipts: [], wouldRefuse: null } as const;
  const fields = intentRecord(gateway, call, { ...nothing, decision: 'deny', rule });
  const { units: _units, decision: _decision, wouldRefuse: _would, ...asked } = fields;
  const limit = refusal.limit === undefined ? undefined : { limit: refusal.limit };
  return { ...asked, kind: 'refusal', enforcement: effect, code, message, retryAfterMs, ...limit };
}

/** The record of any other message, or of a refusal at the edge; `grant` is null when unknown. */
export function methodRecord(
  gateway: Gateway,
  caller: Pick<Caller, 'grant' | 'server'> | null,
  about: Pick<MethodRecord, 'method' | 'direction' | 'decision' | 'code' | 'source'>,
): MethodRecord {
  return {
    kind: 'method',
    id: newId('msg_'),
    time: gateway.clock.nowMs(),
    grant: caller?.grant.id ?? null,
    principal: caller?.grant.principal.id ?? null,
    server: caller?.server ?? null,
    ...about,
  };
}

/** Windowed takes of one key count once, with the largest of their units; so do those in flight. */
function unitsOf(receipts: readonly Receipt[]): readonly UnitsTaken[] {
  const taken: UnitsTaken[] = [];
  for (const receipt of receipts) {
    for (const { key, units, windowMs, before, max } of countedUnits(receipt)) {
      taken.push({ key, units, windowMs, before, max });
    }
  }
  return taken;
}
