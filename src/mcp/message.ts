import type { JsonText, JsonValue } from '../base/strict-json.ts';

export type Era = 'legacy' | 'modern';

/** [start, end) in the text of the message. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

interface MessageBase {
  readonly text: JsonText;
  readonly era: Era;
  /** `params._meta["io.modelcontextprotocol/protocolVersion"]`, or null (then the era is legacy). */
  readonly protocolVersion: string | null;
}

export interface RequestMessage extends MessageBase {
  readonly kind: 'request';
  /** JSON text of the id exactly as it was written. */
  readonly id: string;
  readonly idSpan: Span;
  readonly method: string;
  readonly methodSpan: Span;
  /** Parsed `params`, or undefined. Unsafe numbers are NaN. */
  readonly params: { readonly [key: string]: JsonValue } | undefined;
  readonly paramsSpan: Span | null;
}

export interface NotificationMessage extends MessageBase {
  readonly kind: 'notification';
  readonly method: string;
  readonly methodSpan: Span;
  readonly params: { readonly [key: string]: JsonValue } | undefined;
  readonly paramsSpan: Span | null;
}

export interface ResponseMessage extends MessageBase {
  readonly kind: 'response';
  readonly id: string;
  readonly idSpan: Span;
  readonly outcome: 'result' | 'error';
}

/** A JSON-RPC 2.0 message that passed the strict scan. */
export type Message = RequestMessage | NotificationMessage | ResponseMessage;
