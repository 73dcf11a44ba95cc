import type { Result } from '../base/result.ts';
import type { JsonLimits, JsonText, JsonProblemCode } from '../base/strict-json.ts';
import type { Message } from './message.ts';

/** Why a message was refused, as a code word. */
export type DecodeReason =
  | JsonProblemCode
  | 'not-an-object'
  | 'member-variant'
  | 'jsonrpc-version'
  | 'id-invalid'
  | 'id-missing'
  | 'method-invalid'
  | 'params-invalid'
  | 'meta-invalid'
  | 'not-one-kind'
  | 'result-or-error'
  | 'batch-empty'
  | 'batch-nested'
  | 'batch-duplicate-id'
  | 'batch-too-long';

/** `id` is the JSON text of the id where it could be told; `offset` is in UTF-16 units of the text. */
export interface DecodeProblem {
  readonly code: -32700 | -32600 | -32602;
  readonly reason: DecodeReason;
  readonly id: string | null;
  readonly offset: number | null;
}

/** A body is one message or a batch; each message of a batch carries its own text slice. */
export type Body =
  | { readonly kind: 'single'; readonly message: Message }
  | { readonly kind: 'batch'; readonly messages: readonly Message[] };

export declare function decodeMessage(text: JsonText): Result<Message, DecodeProblem>;
export declare function decodeBody(bytes: Uint8Array, limits: JsonLimits): Result<Body, DecodeProblem>;
/** One spelling for every spelling of one id (`1`, `1.0`; `"a"`, `"\u0061"`): a key for maps. */
export declare function idKey(id: string): string;
