import type { JsonValue } from '../base/strict-json.ts';
import { errorResponse, toolRefusal } from '../mcp/encode.ts';
import type { RequestMessage } from '../mcp/message.ts';
import { jsonHeaders, type Downstream } from './downstream.ts';
import type { Refused } from './enforce.ts';
import { decisionMetaKey } from './gateway.ts';
import type { ToolCall } from './question.ts';

/** Codes of the gateway's own errors: outside the range that JSON-RPC and MCP reserve. */
export const codes = {
  /** A request that is no tool call was refused by policy or by the grant's switches. */
  refused: -31001,
  /** The call ran, but its outcome is not on record. */
  outcomeNotRecorded: -31002,
  /** The server could not be reached or did not answer properly. */
  upstream: -31003,
  /** A bug of this gateway ended the exchange. */
  internal: -31004,
} as const;

/** A bug may show before a call is forwarded or behind that: the log knows. */
export const internalError =
  'internal error in the gateway; the audit log says whether the call was made: look before trying again';

/**
 * The answer to a refused call: a result that the model reads (POLICY §5), or, for a tool that is
 * hidden, unknown or quarantined, the protocol's own answer for a tool that does not exist.
 */
export function refusalBody(call: ToolCall, refusal: Refused): string {
  const { message, question } = call;
  if (isUnknown(refusal)) return unknownTool(message, call.caller.askedAs ?? question.toolName);

  const word = refusal.effect === 'held' ? 'HELD' : 'DENIED';
  return toolRefusal({
    id: message.id,
    era: message.era,
    text: `[POLICY ${word}] ${refusal.message}`,
    meta: { [decisionMetaKey]: decisionMeta(call, refusal) },
  });
}

/** `-32602 Unknown tool`: the same bytes whether the tool is hidden, quarantined or not there. */
export function unknownTool(message: RequestMessage, toolName: string): string {
  return errorResponse(message.id, -32602, `Unknown tool: ${toolName.slice(0, 128)}`);
}

/** Sends a JSON-RPC error as the whole answer. */
export function answerError(
  downstream: Downstream,
  status: number,
  error: { readonly id: string | null; readonly code: number; readonly message: string },
): void {
  downstream.answer(status, jsonHeaders, errorResponse(error.id, error.code, error.message));
}

function isUnknown(refusal: Refused): boolean {
  return refusal.code === 'unknown' || refusal.code === 'hidden' || refusal.code === 'unpinned';
}

function decisionMeta(call: ToolCall, refusal: Refused): { readonly [key: string]: JsonValue } {
  const meta: { [key: string]: JsonValue } = {
    decisionId: call.id,
    code: refusal.code,
    rule: refusal.rule,
    policyVersion: call.policy?.version ?? null,
  };
  if (refusal.approvalId !== undefined) meta['approvalId'] = refusal.approvalId;
  if (refusal.retryAfterMs !== null) meta['retryAfterMs'] = refusal.retryAfterMs;
  return meta;
}
