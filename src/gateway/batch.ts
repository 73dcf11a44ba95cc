import { encodeSseEvent } from '../mcp/sse.ts';
import type { Downstream, DownstreamWatcher } from './downstream.ts';

/** Each of the things that share one stream, with its share; `gone` hears that it was lost. */
export function batchParts<T>(
  whole: Downstream,
  things: readonly T[],
  gone: () => void = () => undefined,
): readonly (readonly [T, Downstream])[] {
  const watchers = new Set<DownstreamWatcher>();
  whole.watch({
    gone: () => {
      for (const watcher of watchers) watcher.gone();
      gone();
    },
    drained: () => watchers.forEach((watcher) => watcher.drained()),
  });
  return things.map((thing) => [thing, new BatchPart(whole, watchers)]);
}

/** A downstream that keeps nothing: for messages whose answers the gateway gives itself. */
export function discard(): Downstream {
  return new BatchPart(null, new Set());
}

/** One message's share of the stream that answers a batch. */
class BatchPart implements Downstream {
  readonly #whole: Downstream | null;
  /** Everyone who shares the stream hears when it is full no more, and when it is lost. */
  readonly #watchers: Set<DownstreamWatcher>;
  #closed = false;

  constructor(whole: Downstream | null, watchers: Set<DownstreamWatcher>) {
    this.#whole = whole;
    this.#watchers = watchers;
  }

  answer(_status: number, _headers: object, body: Uint8Array | string | null): void {
    this.#closed = true;
    if (body === null) return;
    const data = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
    this.#whole?.event(encodeSseEvent({ data }), data);
  }

  open(): void {}

  event(raw: Uint8Array | string, data: string | null): boolean {
    return this.#whole?.event(raw, data) ?? true;
  }

  close(): void {
    this.#closed = true;
  }

  cut(): void {
    this.#whole?.cut();
  }

  ended(): boolean {
    return this.#closed || (this.#whole?.ended() ?? false);
  }

  watch(watcher: DownstreamWatcher): void {
    this.#watchers.add(watcher);
    if (this.#whole?.ended() === true) watcher.gone();
  }
}
