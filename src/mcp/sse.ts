/** One event: its bytes as they came (with the blank line that ends it) and what it says. */
export interface SseEvent {
  readonly raw: Uint8Array;
  /** `data` lines joined by LF; null when the block has no `data` line (comments, `retry`, ids). */
  readonly data: string | null;
  readonly event: string | null;
  readonly id: string | null;
  readonly retryMs: number | null;
}

export type SseProblem = 'event-too-large' | 'invalid-utf8';

/** Reads a stream chunk by chunk; after a problem it yields nothing more. */
export interface SseDecoder {
  /** The events that `chunk` completed, in order, or why the stream must end. */
  push(chunk: Uint8Array): readonly SseEvent[] | SseProblem;
  /** The bytes of an unfinished event, if any: by the standard they are discarded at the end. */
  rest(): Uint8Array;
}

export declare function createSseDecoder(limits: { readonly eventBytesMax: number }): SseDecoder;
export declare function encodeSseEvent(event: { readonly data: string; readonly event?: string; readonly id?: string; readonly retryMs?: number }): Uint8Array;
export declare function encodeSseComment(text: string): Uint8Array;
