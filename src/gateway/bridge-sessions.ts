import type { Headers, Upstream } from './upstream/upstream.ts';

/** A legacy session of the gateway's own with one server, for one grant. */
export interface BridgeSession {
  /** What it was opened with: another server may come to have the name. */
  readonly upstream: Upstream;
  /** The server's own id; null where it keeps no sessions. */
  readonly upstreamId: string | null;
  /** What every message of it is sent with. */
  readonly headers: Headers;
}

interface OwnerOf {
  readonly grant: { readonly id: string };
  readonly server: string;
}

const idleMs = 600_000;
const idlePerOwnerMax = 4;
const ownersMax = 10_000;

/** Sessions that wait for the next call, by grant and server. What is forgotten ends at its server. */
export class BridgeSessions {
  readonly #idle = new Map<
    string,
    { readonly session: BridgeSession; readonly sinceMs: number }[]
  >();

  /** The one that was used last, if it is fresh and of this server; null when there is none. */
  take(owner: OwnerOf, upstream: Upstream, nowMs: number): BridgeSession | null {
    const key = keyOf(owner);
    const last = this.#idle.get(key)?.pop();
    if (this.#idle.get(key)?.length === 0) this.#idle.delete(key);
    if (last === undefined || nowMs - last.sinceMs > idleMs) return null;
    if (last.session.upstream === upstream) return last.session;
    // Those before it are of the same server or of older ones, which are closed.
    this.#idle.delete(key);
    return null;
  }

  /** Gives the session that has no place any more, for its end; null when all have one. */
  give(owner: OwnerOf, session: BridgeSession, nowMs: number): BridgeSession | null {
    const key = keyOf(owner);
    const idle = this.#idle.get(key) ?? [];
    idle.push({ session, sinceMs: nowMs });
    const dropped = idle.length > idlePerOwnerMax ? idle.shift() : undefined;
    this.#idle.delete(key);
    this.#idle.set(key, idle);
    const oldest = this.#idle.keys().next().value;
    if (this.#idle.size > ownersMax && oldest !== undefined) this.#idle.delete(oldest);
    return dropped?.session ?? null;
  }
}

function keyOf({ server, grant }: OwnerOf): string {
  return `${server} ${grant.id}`;
}
