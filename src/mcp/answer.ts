import type { Span } from './message.ts';

/** What a server's message says at its top, without materialising its content. */
export interface Answer {
  readonly kind: 'request' | 'notification' | 'response' | 'invalid';
  /** The decoded text that every span refers to; empty when the bytes are not UTF-8. */
  readonly text: string;
  /** JSON text of the id as written, or null. */
  readonly id: string | null;
  readonly idSpan: Span | null;
  readonly method: string | null;
  readonly paramsSpan: Span | null;
  readonly resultSpan: Span | null;
  readonly errorSpan: Span | null;
  /** `result.isError` is true. */
  readonly isError: boolean;
  readonly errorCode: number | null;
  readonly resultType: string | null;
  /** `result.inputRequests` is present (2026-07-28). */
  readonly inputRequests: boolean;
  /** `result.requestState` as [start, end), or null. */
  readonly requestStateSpan: Span | null;
}

export declare function peekAnswer(bytes: Uint8Array): Answer;
