import type { Approval } from '../approvals/approval.ts';
import { sealState } from '../approvals/request-state.ts';
import { parseScanned } from '../base/strict-json.ts';
import { idKey } from '../mcp/decode.ts';
import { notification, request, resultResponse } from '../mcp/encode.ts';
import type { ResponseMessage } from '../mcp/message.ts';
import { sessionKey } from './ask.ts';
import { decisionMetaKey, type Gateway } from './gateway.ts';
import { approvalRequestName } from './own-state.ts';
import type { ToolCall } from './question.ts';
import { methodRecord } from './records.ts';
import type { Waiting } from './wait.ts';

/** The answer that sends a modern client to the page (2026-07-28, multi round-trip requests). */
export function inputRequired(gateway: Gateway, call: ToolCall, approval: Approval): string | null {
  const url = gateway.approvalPage(approval.id);
  if (url === null) return null;
  const params = { mode: 'url', message: question(call), url };
  const result = {
    resultType: 'input_required',
    inputRequests: { [approvalRequestName]: { method: 'elicitation/create', params } },
    requestState: sealState(gateway.installationKey, approval),
    _meta: {
      [decisionMetaKey]: { decisionId: call.id, code: 'approval', approvalId: approval.id },
    },
  };
  return resultResponse(call.message.id, JSON.stringify(result));
}

/** A question to a legacy client that is out: `declined` resolves when its user says no. */
export interface Elicited {
  readonly declined: Promise<void>;
  /** The page need not be opened any more. */
  done(): void;
}

/** Asks a legacy client to open the page (2025-11-25, elicitation in URL mode); null when it cannot. */
export async function elicit(waiting: Waiting, approval: Approval): Promise<Elicited | null> {
  const { gateway, call, downstream } = waiting;
  const { caller } = call;
  const url = gateway.approvalPage(approval.id);
  const about = { method: 'elicitation/create', direction: 'to-client' } as const;
  const record = methodRecord(gateway, caller, { ...about, decision: 'allow', code: null });
  if (url === null || !(await gateway.audit.append(record)).ok) return null;

  const id = JSON.stringify(`portcullis ${call.id}`);
  const declined = Promise.withResolvers<void>();
  const forget = gateway.live.askOwn(sessionKey(caller), idKey(id), (answer) => {
    if (isDeclined(answer)) declined.resolve();
  });
  const params = { mode: 'url', elicitationId: approval.id, url, message: question(call) };
  // On the endpoint of all servers an answer finds its server by the name before its id.
  const shownId = caller.isPart ? JSON.stringify(`${caller.server} ${id}`) : id;
  downstream.say(request(shownId, 'elicitation/create', JSON.stringify(params)));
  return {
    declined: declined.promise,
    done: () => {
      forget();
      const ended = JSON.stringify({ elicitationId: approval.id });
      downstream.say(notification('notifications/elicitation/complete', ended));
    },
  };
}

/** Opening the page is no answer; saying that one does not want to is. */
function isDeclined(answer: ResponseMessage): boolean {
  if (answer.outcome === 'error') return true;
  const whole = parseScanned(answer.text);
  if (typeof whole !== 'object' || whole === null || !('result' in whole)) return true;
  const { result } = whole;
  return !(
    typeof result === 'object' &&
    result !== null &&
    'action' in result &&
    result.action === 'accept'
  );
}

function question({ question: { toolName, serverName } }: ToolCall): string {
  return `A person must approve this call of \`${toolName}\` on \`${serverName}\`: open the page to see what would run, and to answer.`;
}
