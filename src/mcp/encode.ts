import type { JsonValue } from '../base/strict-json.ts';
import type { Era } from './message.ts';

/** The codes of JSON-RPC 2.0 (section 5.1) and of MCP 2026-07-28 that the gateway itself sends. */
export const rpcCode = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  headerMismatch: -32020,
  missingClientCapability: -32021,
  unsupportedProtocolVersion: -32022,
} as const;

/** A refusal of a tool call as a result that the model reads. */
export interface ToolRefusal {
  /** JSON text of the id, inserted as it is. */
  readonly id: string;
  readonly era: Era;
  readonly text: string;
  readonly meta: { readonly [key: string]: JsonValue };
}

/**
 * An error response (JSON-RPC 2.0, section 5). `id` is JSON text that a decoder let pass, inserted
 * as it is; null says that the id could not be told.
 */
export function errorResponse(
  id: string | null,
  ...[code, message, data]: readonly [code: number, message: string, data?: JsonValue]
): string {
  const error = data === undefined ? { code, message } : { code, message, data };
  return `{"jsonrpc":"2.0","id":${id ?? 'null'},"error":${JSON.stringify(error)}}`;
}

/** A successful response; `id` and `resultJson` are JSON text, inserted as they are. */
export function resultResponse(id: string, resultJson: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${resultJson}}`;
}

/**
 * A refused call as a `CallToolResult` with `isError`: the one form that every client hands to the
 * model. `resultType` is required on results of the modern era and unknown to the others.
 */
export function toolRefusal(refusal: ToolRefusal): string {
  const result = {
    ...(refusal.era === 'modern' ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text: refusal.text }],
    isError: true,
    _meta: refusal.meta,
  };
  return resultResponse(refusal.id, JSON.stringify(result));
}

/** A request of the gateway's own; `id` and `paramsJson` are JSON text, inserted as they are. */
export function request(id: string, method: string, paramsJson?: string): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)}${paramsOf(paramsJson)}}`;
}

/** A notification of the gateway's own; `paramsJson` is JSON text, inserted as it is. */
export function notification(method: string, paramsJson?: string): string {
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)}${paramsOf(paramsJson)}}`;
}

function paramsOf(paramsJson: string | undefined): string {
  return paramsJson === undefined ? '' : `,"params":${paramsJson}`;
}
