import { idKey } from '../mcp/decode.ts';
import { encodeSseEvent, onOneLine, type SseEvent } from '../mcp/sse.ts';
import type { Headers, UpstreamFailure } from './upstream/upstream.ts';

/** One id may be spelt in two ways: `1` and `1.0`, `"a"` and `"\\u0061"`. */
export function sameId(answered: string | null, awaited: string | null): boolean {
  if (answered === null || awaited === null) return answered === awaited;
  return answered === awaited || idKey(answered) === idKey(awaited);
}

/** Whether what ended an exchange was an event of a stream. */
export function isEvent(last: SseEvent | Uint8Array | null): last is SseEvent {
  return last !== null && !(last instanceof Uint8Array);
}

/** An event whose bytes say nothing to any reader but what was judged here. */
export function asJudged(event: SseEvent): SseEvent {
  if (event.plain) return event;
  if (event.data === null) return { ...event, id: null, raw: new Uint8Array(0) };
  const data = onOneLine(event.data);
  return { ...event, data, raw: reEncoded(event, data) };
}

/** The bytes of an event with other data. */
export function reEncoded(event: SseEvent, data: string): Uint8Array {
  return encodeSseEvent({
    data,
    ...(event.event === null ? {} : { event: event.event }),
    ...(event.id === null ? {} : { id: event.id }),
    ...(event.retryMs === null ? {} : { retryMs: event.retryMs }),
  });
}

/** The type that a body has, without its parameters. */
export function mediaType(headers: Headers): string {
  const type = headers['content-type'] ?? '';
  if (type === 'application/json' || type === 'text/event-stream') return type;
  return type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Why an exchange ends that an operator stopped. */
export function stoppedFailure(reached: boolean): UpstreamFailure {
  return { kind: 'stopped', reached, detail: 'the operator stopped it' };
}
