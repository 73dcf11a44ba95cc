import { bindingDigest, frameDigest } from '../approvals/binding.ts';
import { exactJson, exactMembers } from '../approvals/exact-json.ts';
import type { HeldCall } from '../approvals/approval.ts';
import type { ExactArguments } from '../approvals/answers.ts';
import { membersAt, type JsonText, type Member } from '../base/strict-json.ts';
import type { ApprovalObligation } from '../policy/index.ts';
import type { Gateway } from './gateway.ts';
import { argumentKeys, argumentsDigest, type ToolCall } from './question.ts';

/** A call as people are asked about it. */
export interface AskedCall {
  readonly held: HeldCall;
  readonly arguments: ExactArguments;
}

/** What a call is, for those who approve it: everything that its approval is bound to. */
export function askedCall(
  gateway: Gateway,
  call: ToolCall,
  needs: readonly ApprovalObligation[],
): AskedCall {
  const { caller, question, policy } = call;
  const { grant } = caller;
  const parts = partsOf(call);
  const bound = {
    grantId: grant.id,
    principal: grant.principal.id,
    server: caller.server,
    tool: question.toolName,
    pin: question.tool?.digest ?? '',
    policy: policy?.name ?? null,
    policyVersion: policy?.version ?? null,
    policyHash: policy?.hash ?? null,
    needs,
  };
  const frame = frameDigest({ ...bound, beside: parts.beside });
  return {
    held: {
      ...bound,
      decisionId: call.id,
      grantLabel: grant.label,
      frame,
      binding: bindingDigest(frame, parts.exact),
      argumentNames: argumentKeys(call),
      argumentsDigest: argumentsDigest(gateway.digest, call.message),
    },
    arguments: { exact: parts.exact, values: parts.values },
  };
}

/** The identity of a call under these questions: what an approval that was given must name. */
export function bindingOf(
  gateway: Gateway,
  call: ToolCall,
  needs: readonly ApprovalObligation[],
): string {
  return askedCall(gateway, call, needs).held.binding;
}

/** Carried by the transport or by the client for itself: no part of what is approved. */
const notBound: ReadonlySet<string> = new Set(['name', 'arguments', '_meta']);
/** What a later round adds to a call that people approved: its seal says that it is that call. */
const ofTheRound: ReadonlySet<string> = new Set(['requestState', 'inputResponses']);

function partsOf({ message, round }: ToolCall): {
  readonly exact: string;
  readonly values: ReadonlyMap<string, string>;
  readonly beside: string;
} {
  const none = new Map<string, string>();
  if (message.paramsSpan === null) return { exact: '', values: none, beside: '' };
  const isApprovedRound = (round?.pass?.approved ?? null) !== null;
  const { text } = message;
  const members = membersAt(text.text, message.paramsSpan.start);
  const given = members.find((member) => member.key === 'arguments');
  const beside = members
    .filter(({ key }) => !notBound.has(key) && !(isApprovedRound && ofTheRound.has(key)))
    .map((member) => `${JSON.stringify(member.key)}:${exactOf(text, member)}`)
    .toSorted();
  if (given === undefined) return { exact: '', values: none, beside: beside.join(',') };
  const isObject = text.text[given.valueStart] === '{';
  return {
    exact: exactOf(text, given),
    values: isObject
      ? new Map(exactMembers(text, given.valueStart).map(({ key, value }) => [key, value]))
      : none,
    beside: beside.join(','),
  };
}

function exactOf(text: JsonText, member: Member): string {
  return exactJson(text, member.valueStart, member.valueEnd);
}
