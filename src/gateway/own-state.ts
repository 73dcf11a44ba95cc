import { isStateOf, stateApprovalId, statePrefix } from '../approvals/request-state.ts';
import type { Approval } from '../approvals/approval.ts';
import { applyEdits, membersAt, scanJson } from '../base/strict-json.ts';
import { decodeMessage } from '../mcp/decode.ts';
import type { RequestMessage } from '../mcp/message.ts';
import { memberOf } from './client-ability.ts';
import type { Gateway } from './gateway.ts';
import { bindingOf } from './held-call.ts';
import type { ToolCall } from './question.ts';

/** The name under which a client is asked to open the page of an approval. */
export const approvalRequestName = 'approval';

/** A call that comes back with a state of ours: what it carried, and the call without it. */
export interface OwnState {
  readonly state: string;
  /** The client's user did not want to open the page. */
  readonly declined: boolean;
  /** The message as its server may see it; null when it cannot be had, which refuses it. */
  readonly message: RequestMessage | null;
}

/** Reads a state that this gateway gave out; null for a call without one, which is nearly every call. */
export function ownState(message: RequestMessage): OwnState | null {
  if (message.era !== 'modern') return null;
  const state = message.params?.['requestState'];
  if (typeof state !== 'string' || !state.startsWith(statePrefix)) return null;
  return { state, declined: isDeclined(message), message: withoutState(message) };
}

/** The approval that the state was made for, if this very call is the one; null otherwise. */
export function stateApproval(gateway: Gateway, call: ToolCall, own: OwnState): Approval | null {
  const id = stateApprovalId(own.state);
  const approval = id === null ? null : (gateway.approvals?.find(id) ?? null);
  if (approval === null) return null;
  const binding = bindingOf(gateway, call, approval.needs);
  return isStateOf(gateway.installationKey, own.state, { approval, binding }) ? approval : null;
}

function isDeclined(message: RequestMessage): boolean {
  const answer = memberOf(message.params?.['inputResponses'], approvalRequestName);
  const action = memberOf(answer, 'action');
  return action === 'decline' || action === 'cancel';
}

/** The server never sees what was between the client and this gateway; the rest stays as it came. */
function withoutState(message: RequestMessage): RequestMessage | null {
  const { paramsSpan } = message;
  if (paramsSpan === null) return null;
  const { text } = message.text;
  const kept = membersAt(text, paramsSpan.start)
    .filter(({ key }) => key !== 'requestState' && key !== 'inputResponses')
    .map(({ keyStart, valueEnd }) => text.slice(keyStart, valueEnd));
  const bytes = applyEdits(text, [{ ...paramsSpan, text: `{${kept.join(',')}}` }]);
  const size = bytes.length;
  const limits = { bytesMax: size, depthMax: 256, valuesMax: size, stringMax: size };
  const scanned = scanJson(bytes, limits);
  if (!scanned.ok) return null;
  const decoded = decodeMessage(scanned.value);
  return decoded.ok && decoded.value.kind === 'request' ? decoded.value : null;
}
