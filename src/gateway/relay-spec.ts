import type { Answer } from '../mcp/answer.ts';
import type { Era } from '../mcp/message.ts';
import type { SseEvent } from '../mcp/sse.ts';
import type { Downstream } from './downstream.ts';
import type { Gateway } from './gateway.ts';
import type { Announce } from './live.ts';
import type { Headers, Upstream, UpstreamFailure, UpstreamRequest } from './upstream/upstream.ts';

/** How an exchange came to its end. */
export type Conclusion =
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      readonly headers: Headers;
      readonly bytes: number;
    }
  /** An HTTP answer that is no JSON-RPC message: `202`, `404` of a dead session, an HTML page. */
  | { readonly kind: 'bare'; readonly status: number }
  /** The stream ended without the answer; `resumable` when the client may ask for the rest. */
  | { readonly kind: 'unanswered'; readonly resumable: boolean }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  /** The client closed its stream (2026-07-28) or said that it wants no answer (before). */
  | { readonly kind: 'cancelled' };

/** What the client is given at the end, and headers that go with it. */
export interface Release {
  /** Null passes the answer's own bytes on. */
  readonly replacement: {
    readonly status: number;
    readonly body: string | Uint8Array | null;
  } | null;
  readonly headers: Headers;
}

/** The answer's own bytes, and nothing beside them. */
export const releaseAsIs: Release = { replacement: null, headers: {} };

/** One exchange: what is asked, of whom, and how what comes back is judged. */
export interface RelaySpec {
  readonly gateway: Gateway;
  readonly upstream: Upstream;
  readonly request: UpstreamRequest;
  readonly downstream: Downstream;
  readonly era: Era;
  /** JSON text of the id whose answer ends the exchange; null for a stream of unrelated messages. */
  readonly awaitedId: string | null;
  /** Nothing is sent before the final answer: its headers depend on what it says. */
  readonly holdHead: boolean;
  /** Rules a message that is not the final answer: null drops it, else what is passed on. */
  readonly judge: (
    answer: Answer,
    event: SseEvent,
  ) => Promise<string | Uint8Array | null> | Uint8Array | null;
  /** How what comes later in the session finds this exchange; null where nothing can. */
  readonly announce: Announce | null;
  /** Called once, when the exchange is over on both sides, also by a bug. */
  readonly settled?: () => void;
  /** Called once, before the end reaches the client. */
  readonly conclude: (conclusion: Conclusion) => Promise<Release>;
}
