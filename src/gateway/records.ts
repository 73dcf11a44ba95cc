import type { IntentRecord, MethodRecord, RefusalRecord, UnitsTaken } from '../audit/record.ts';
import { newId } from '../base/id.ts';
import type { Receipt } from '../counters/counters.ts';
import type { Permitted, Refused } from './enforce.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { argumentKeys, argumentsDigest, type ToolCall } from './question.ts';

/** The record of intent: what is about to be forwarded, and the units it took. */
export function intentRecord(gateway: Gateway, call: ToolCall, permitted: Permitted): IntentRecord {
  return {
    kind: 'intent',
    ...callFields(gateway, call),
    rule: permitted.rule,
    decision: permitted.decision,
    units: permitted.receipts.flatMap(unitsOf),
    wouldRefuse: permitted.wouldRefuse,
  };
}

/** The record of a call that is not forwarded. */
export function refusalRecord(gateway: Gateway, call: ToolCall, refusal: Refused): RefusalRecord {
  return {
    kind: 'refusal',
    ...callFields(gateway, call),
    rule: refusal.rule,
    enforcement: refusal.effect,
    code: refusal.code,
    message: refusal.message,
    retryAfterMs: refusal.retryAfterMs,
  };
}

/** The record of any other message, or of a refusal at the edge; `grant` is null when unknown. */
export function methodRecord(
  gateway: Gateway,
  caller: Pick<Caller, 'grant' | 'server'> | null,
  about: Pick<MethodRecord, 'method' | 'direction' | 'decision' | 'code'>,
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

function callFields(
  gateway: Gateway,
  call: ToolCall,
): Omit<IntentRecord, 'kind' | 'rule' | 'decision' | 'units' | 'wouldRefuse'> {
  const { caller, question, message } = call;
  return {
    id: call.id,
    time: call.timeMs,
    grant: caller.grant.id,
    principal: caller.grant.principal.id,
    server: caller.server,
    tool: question.toolName,
    pin: question.tool?.digest ?? null,
    policy: call.policy?.name ?? null,
    policyVersion: call.policy?.version ?? null,
    mode: caller.grant.mode,
    era: message.era,
    clientDeclared: caller.clientDeclared,
    session: caller.session?.seal ?? null,
    argumentKeys: argumentKeys(call),
    argumentsDigest: argumentsDigest(gateway.digest, message),
  };
}

/** Takes of one key count once, with the largest of their units. */
function unitsOf(receipt: Receipt): UnitsTaken[] {
  const taken = new Map<string, UnitsTaken>();
  for (const { key, units, windowMs } of receipt.takes) {
    if (units > (taken.get(key)?.units ?? -1)) taken.set(key, { key, units, windowMs });
  }
  return [...taken.values()];
}
