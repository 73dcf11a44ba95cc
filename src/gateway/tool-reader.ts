import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { defaultDiscoverLimits, discoverTools, type Discovery } from './discover.ts';
import { inTime } from './in-time.ts';
import type { Upstream } from './upstream/upstream.ts';

/** What reading a server's tools needs. */
export interface ToolReaderDeps {
  /** A fresh connection, used for one reading and closed; null when there is no such server. */
  readonly connect: (server: string) => Upstream | null;
  /** Compares what was read with what is pinned, and publishes the outcome. */
  readonly pin: (server: string, discovery: Discovery) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * How long a call waits for a list that is being read: clients give up after a minute, and a server
 * that is started for the first time may take half of that.
 */
const waitMs = 30_000;
/** How long whoever has other things to show waits: other servers' lists, a page. */
const amongAllMs = 10_000;
/** How soon a list is read again. */
const againMs = 5_000;
const failedAgainMs = 2_000;

interface Reading {
  running: Promise<boolean> | null;
  /** What the reading under way asks; it ends with it. */
  upstream: Upstream | null;
  endedMs: number;
  succeeded: boolean;
  modern: boolean;
  /** Why the last reading failed; null when it did not. */
  problem: string | null;
  queued: NodeJS.Timeout | null;
}

/** Reads the tools of servers: once at the start, again when a server says that they changed. */
export class ToolReader {
  readonly #deps: ToolReaderDeps;
  readonly #readings = new Map<string, Reading>();
  #closed = false;

  constructor(deps: ToolReaderDeps) {
    this.#deps = deps;
  }

  /**
   * Reads now, or joins the reading under way; false when no list could be read in time. For `once`
   * a list that was read before will do, though it is being read again.
   */
  async ready(server: string, need: 'one' | 'all' | 'once' = 'one'): Promise<boolean> {
    const reading = this.#reading(server);
    if (reading.succeeded && (reading.running === null || need === 'once')) return true;
    const sinceMs = this.#deps.clock.monotonicMs() - reading.endedMs;
    if (reading.running === null && sinceMs < failedAgainMs) return false;
    return inTime(this.#read(server, reading), need === 'all' ? amongAllMs : waitMs);
  }

  /** How the last reading went, and why it failed if it did. */
  healthOf(server: string): {
    readonly state: 'unknown' | 'reading' | 'ok' | 'failing';
    readonly problem: string | null;
  } {
    const reading = this.#readings.get(server);
    if (reading === undefined) return { state: 'unknown', problem: null };
    const { problem, running, succeeded } = reading;
    if (problem !== null) return { state: 'failing', problem };
    if (succeeded) return { state: 'ok', problem };
    return { state: running === null ? 'unknown' : 'reading', problem };
  }

  /** Reads now, whatever is known. */
  read(server: string): Promise<boolean> {
    return inTime(this.#read(server, this.#reading(server)), amongAllMs);
  }

  speaksModern(server: string): boolean {
    return this.#readings.get(server)?.modern ?? false;
  }

  /** Reads again soon; however often it is asked, at most once in five seconds. */
  changed(server: string): void {
    const reading = this.#reading(server);
    if (reading.queued !== null || this.#closed) return;
    const sinceMs = this.#deps.clock.monotonicMs() - reading.endedMs;
    const delayMs = Math.max(0, againMs - sinceMs);
    reading.queued = setTimeout(() => {
      reading.queued = null;
      void this.#read(server, reading);
    }, delayMs);
    reading.queued.unref();
  }

  /** The server was removed or registered anew: what was read of it counts no more. */
  forget(server: string): void {
    const queued = this.#readings.get(server)?.queued ?? null;
    if (queued !== null) clearTimeout(queued);
    this.#readings.delete(server);
  }

  /** Ends what is under way: nobody waits for a server that is still starting. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { queued } of this.#readings.values()) if (queued !== null) clearTimeout(queued);
    const asked = [...this.#readings.values()].map(({ upstream }) => upstream);
    await Promise.all(asked.filter((one) => one !== null).map((one) => one.close()));
    const running = [...this.#readings.values()].map(({ running: work }) => work);
    await Promise.all(running.filter((work) => work !== null));
  }

  #reading(server: string): Reading {
    const known = this.#readings.get(server);
    if (known !== undefined) return known;
    const reading = {
      running: null,
      upstream: null,
      endedMs: -Infinity,
      succeeded: false,
      modern: false,
      problem: null,
      queued: null,
    };
    this.#readings.set(server, reading);
    return reading;
  }

  #read(server: string, reading: Reading): Promise<boolean> {
    reading.running ??= this.#readOnce(server, reading)
      .catch((reason: unknown) => {
        // A bug: the server's tools stay unknown, which refuses its calls.
        this.#deps.log.error('reading tools failed', { server, detail: String(reason) });
        return false;
      })
      .finally(() => {
        reading.running = null;
        reading.endedMs = this.#deps.clock.monotonicMs();
      });
    return reading.running;
  }

  async #readOnce(server: string, reading: Reading): Promise<boolean> {
    const { connect, log, pin } = this.#deps;
    const upstream = this.#closed ? null : connect(server);
    if (upstream === null) return false;
    reading.upstream = upstream;
    const found = await discoverTools(upstream, defaultDiscoverLimits);
    reading.upstream = null;
    await upstream.close();
    if (!found.ok) {
      if (this.#closed) return false;
      log.warn('the tools of a server could not be read', { server, detail: found.error });
      reading.problem = found.error;
      return false;
    }
    await pin(server, found.value);
    reading.modern = found.value.eras.includes('modern');
    reading.succeeded = true;
    reading.problem = null;
    log.info('read the tools of a server', { server, tools: found.value.tools.length });
    return true;
  }
}
