import { recordedKeys, type Digest } from '../audit/redact.ts';
import { canonicalJson } from '../base/canonical-json.ts';
import { newId } from '../base/id.ts';
import { membersAt } from '../base/strict-json.ts';
import type { RequestMessage } from '../mcp/message.ts';
import { labelOwner } from '../counters/key.ts';
import type { AccessRequest, PolicySet } from '../policy/index.ts';
import type { SnapshotPolicy } from '../registry/snapshot.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import type { Round } from './rounds.ts';

/** One `tools/call` on its way: the question, and what the record will say of it. */
export interface ToolCall {
  /** The decision id. */
  readonly id: string;
  readonly caller: Caller;
  readonly message: RequestMessage;
  readonly question: AccessRequest;
  readonly policies: PolicySet;
  /** The policy in force; null when the grant has none for this server. */
  readonly policy: SnapshotPolicy | null;
  readonly startMs: number;
  readonly timeMs: number;
  /** The server's tool list could not be read, so nothing can be said of the tool. */
  readonly listMissing: boolean;
  /** See `argumentsDigest`. */
  readonly argumentsDigest: string | null;
  /** The labels in force could not be read, and the policy asks for them. */
  readonly labelsMissing: boolean;
  /** What people approved, when this call was let through by them: see `approvals/binding.ts`. */
  readonly approved?: string;
  /** A later round of a call that asked for input: what it came back with. */
  readonly round?: Round;
}

const noLabels: readonly string[] = [];

/** Arguments larger than this are digested as they were written, not in canonical form. */
const canonicalMax = 16_384;

/**
 * States the question that a `tools/call` asks: step 4 of a call's life. A promise where the tools of
 * the server were not read yet, or the labels in force are kept elsewhere: most calls wait for neither.
 */
export function stateQuestion(
  gateway: Gateway,
  caller: Caller,
  message: RequestMessage,
): ToolCall | Promise<ToolCall> {
  const startMs = gateway.clock.monotonicMs();
  const state = (): ToolCall | Promise<ToolCall> => stateNow(gateway, caller, message, startMs);
  return (gateway.snapshot().servers.get(caller.server)?.tools ?? null) === null
    ? gateway.toolsReady(caller.server).then(state)
    : state();
}

function stateNow(
  gateway: Gateway,
  caller: Caller,
  message: RequestMessage,
  startMs: number,
): ToolCall | Promise<ToolCall> {
  const snapshot = gateway.snapshot();
  const { grant, server } = caller;
  const tools = snapshot.servers.get(server)?.tools ?? null;
  const policyName = Object.hasOwn(grant.policies, server) ? grant.policies[server] : undefined;
  const policy = policyName === undefined ? null : (snapshot.policies.get(policyName) ?? null);
  const named = message.params?.['name'];
  const toolName = typeof named === 'string' ? named : '';
  const timeMs = gateway.clock.nowMs();
  const compiled = policy?.compiled ?? null;
  const policies = { policy: compiled, guardrails: snapshot.guardrails };
  const call = (labels: readonly string[] | null): ToolCall => ({
    id: newId('dec_'),
    caller,
    message,
    policy,
    policies,
    startMs,
    timeMs,
    listMissing: tools === null,
    argumentsDigest: argumentsDigest(gateway.digest, message),
    labelsMissing: labels === null,
    question: {
      principal: grant.principal,
      grantLabel: grant.label,
      serverName: server,
      toolName,
      tool: tools?.get(toolName) ?? null,
      arguments: message.params?.['arguments'],
      timeMs,
      labels: labels ?? noLabels,
    },
  });
  if (!readsLabels(policies)) return call(noLabels);
  const labels = gateway.counters.labels(labelOwner(grant.principal.id, false));
  return labels instanceof Promise ? labels.then(call) : call(labels);
}

/** Whether an answer of these documents may depend on the labels in force. */
export function readsLabels({ policy, guardrails }: PolicySet): boolean {
  if (policy?.readsLabels === true) return true;
  for (const guardrail of guardrails) if (guardrail.policy.readsLabels) return true;
  return false;
}

/** The names of the top-level arguments: what a record keeps of them in clear. */
export function argumentKeys(call: ToolCall): readonly string[] {
  const value = call.question.arguments;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return recordedKeys(Object.keys(value));
}

/**
 * A keyed digest of the arguments, for search by equality: of their canonical text, or, above
 * 16 KiB, of the text as written, behind the prefix `raw:`. Null without arguments.
 */
export function argumentsDigest(digest: Digest, message: RequestMessage): string | null {
  if (message.paramsSpan === null) return null;
  const { text } = message;
  const member = membersAt(text.text, message.paramsSpan.start).find((m) => m.key === 'arguments');
  if (member === undefined) return null;

  const { valueStart, valueEnd } = member;
  if (valueEnd - valueStart > canonicalMax) {
    return `raw:${digest(text.text.slice(valueStart, valueEnd))}`;
  }
  return digest(canonicalJson(text, valueStart, valueEnd));
}
