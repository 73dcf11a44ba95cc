import { hash, randomUUID } from 'node:crypto';

import type { Log } from '../../base/log.ts';
import type {
  AdmittedUnits,
  Counters,
  Mark,
  Receipt,
  Take,
  TakeResult,
} from '../../counters/counters.ts';
import type { CountersInUse, Look } from '../../counters/in-use.ts';
import { labelOfKey } from '../../counters/key.ts';
import type { MemoryCounters } from '../../counters/memory-counters.ts';
import { exactUnits, numberOfUnits, type ExactUnits } from '../../counters/units.ts';
import {
  endScript,
  labelsScript,
  renewScript,
  seedScript,
  takeScript,
  usedScript,
} from './scripts.ts';

/** The commands of a store that this adapter needs; every answer is the store's own. */
export interface ValkeyClient {
  evalsha(sha: string, keys: number, ...args: string[]): Promise<unknown>;
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>;
  disconnect(): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'ready', listener: () => void): unknown;
}

export interface ValkeyCountersOptions {
  readonly client: ValkeyClient;
  /**
   * What this gateway itself has admitted: counted beside the store, so that its records can
   * rebuild it and a store that lost its memory is given it back.
   */
  readonly own: MemoryCounters;
  readonly log: Log;
  /** This gateway, for ever: its data folder's installation. */
  readonly gatewayId: string;
  /** Keys of one installation begin with this; the braces keep them in one slot of a cluster. */
  readonly prefix?: string;
  /** How long a question may take before the call is refused, in milliseconds. 250. */
  readonly deadlineMs?: number;
  /** How long calls in flight stay counted when their gateway is gone, in milliseconds. 60,000. */
  readonly leaseMs?: number;
}

/** What a receipt still stands for in the store. */
class ValkeyReceipt implements Receipt {
  readonly takes: readonly Take[];
  readonly marks: readonly Mark[];
  readonly atMs: number;
  readonly before: readonly number[];
  readonly id: string;
  readonly flying: readonly string[];
  /** Where its units stand; none once they were given back. */
  stamps: readonly unknown[];
  readonly own: Receipt | null;

  constructor(
    taken: Pick<
      ValkeyReceipt,
      'takes' | 'marks' | 'atMs' | 'before' | 'id' | 'flying' | 'stamps' | 'own'
    >,
  ) {
    this.takes = taken.takes;
    this.marks = taken.marks;
    this.atMs = taken.atMs;
    this.before = taken.before;
    this.id = taken.id;
    this.flying = taken.flying;
    this.stamps = taken.stamps;
    this.own = taken.own;
  }
}

const unreachable: TakeResult = { ok: false, reason: 'unreachable' };

/** The counters of any number of gateways, in one Valkey or Redis. */
export class ValkeyCounters implements Counters, CountersInUse {
  readonly #options: ValkeyCountersOptions;
  readonly #prefix: string;
  readonly #leaseMs: number;
  readonly #underWay = new Set<ValkeyReceipt>();
  readonly #renewal: NodeJS.Timeout;
  #seeded: Promise<boolean> | null = null;
  #wasAway = false;

  constructor(options: ValkeyCountersOptions) {
    this.#options = options;
    this.#prefix = options.prefix ?? '{portcullis}';
    this.#leaseMs = options.leaseMs ?? 60_000;
    options.client.on('error', (error) => this.#away(error));
    // A store that comes back may have forgotten.
    options.client.on('ready', () => (this.#seeded = null));
    this.#renewal = setInterval(() => void this.#renew(), this.#leaseMs / 4);
    this.#renewal.unref();
  }

  async peek(takes: readonly Take[]): Promise<TakeResult> {
    return this.#ask(takes, [], true);
  }

  async take(takes: readonly Take[], marks: readonly Mark[] = []): Promise<TakeResult> {
    return this.#ask(takes, marks, false);
  }

  async used(looks: readonly Look[]): Promise<readonly number[] | null> {
    if (looks.length === 0) return [];
    if (!(await this.#ready())) return null;
    const found = await this.#run(usedScript, JSON.stringify(looks));
    return Array.isArray(found) ? found.map((text) => numberOfUnits(unitsOf(String(text)))) : null;
  }

  /** What this gateway counted in: sessions of other gateways are known to them alone. */
  keys(): readonly string[] {
    return this.#options.own.keys();
  }

  async labels(owner: string): Promise<readonly string[] | null> {
    if (!(await this.#ready())) return null;
    const found = await this.#run(labelsScript, owner);
    return Array.isArray(found) ? [...new Set(found.map(String))].sort() : null;
  }

  async giveBack(receipt: Receipt): Promise<void> {
    return this.#end(receipt, true);
  }

  async release(receipt: Receipt): Promise<void> {
    return this.#end(receipt, false);
  }

  /** What this gateway itself has admitted, for the heads of its records' segments. */
  snapshot(): readonly AdmittedUnits[] {
    return this.#options.own.snapshot();
  }

  close(): Promise<void> {
    clearInterval(this.#renewal);
    this.#options.client.disconnect();
    return Promise.resolve();
  }

  async #ask(takes: readonly Take[], marks: readonly Mark[], peek: boolean): Promise<TakeResult> {
    if (!(await this.#ready())) return unreachable;
    const id = randomUUID();
    const ask = { id, peek, leaseMs: this.#leaseMs, takes: takesOf(takes), marks };
    // An empty list is an object to the script's reader: it walks both alike.
    const answer = await this.#run(takeScript, JSON.stringify(ask), (late) => {
      // The call was refused meanwhile, so what comes too late is given back. What never comes stays
      // taken: nothing is ever admitted that was not counted.
      if (peek || !Array.isArray(late) || late[0] !== 1) return;
      void this.#end(receiptOf({ takes, marks, id, own: null }, late), true);
    });
    if (!Array.isArray(answer)) return unreachable;
    // The script answers four members, whatever it says.
    const [ok, second, third, fourth] = answer as unknown as readonly [
      number,
      number | string,
      string,
      string,
    ];
    if (ok !== 1) {
      const waitMs = Number(third);
      const retryAfterMs = waitMs < 0 ? null : waitMs;
      const [before = 0] = unitsIn(fourth);
      return { ok: false, reason: 'exhausted', index: Number(second) - 1, retryAfterMs, before };
    }
    const atMs = Number(second);
    if (peek) return { ok: true, receipt: { takes, atMs } };
    const own = this.#countOwn(takes, marks);
    const receipt = receiptOf({ takes, marks, id, own }, answer);
    if (receipt.flying.length > 0 || marks.length > 0) this.#underWay.add(receipt);
    return { ok: true, receipt };
  }

  /** The store has decided already: beside it nothing refuses. */
  #countOwn(takes: readonly Take[], marks: readonly Mark[]): Receipt | null {
    const unbound = takes.map((take) => ({ ...take, max: Number.MAX_SAFE_INTEGER }));
    const taken = this.#options.own.take(unbound, marks);
    return taken.ok ? taken.receipt : null;
  }

  async #end(receipt: Receipt, back: boolean): Promise<void> {
    if (!(receipt instanceof ValkeyReceipt)) return;
    const { id, flying, marks, own } = receipt;
    const stamps = back ? receipt.stamps : [];
    if (back) receipt.stamps = [];
    if (own !== null) {
      if (back) this.#options.own.giveBack(own);
      else this.#options.own.release(own);
    }
    const wasUnderWay = this.#underWay.delete(receipt) || (back && own === null);
    if (stamps.length === 0 && !wasUnderWay) return;
    const rest = { id, back, flying: wasUnderWay ? flying : [], marks: wasUnderWay ? marks : [] };
    // Where the store is away a place comes back with its lease, and units stay taken.
    await this.#run(endScript, JSON.stringify({ ...rest, stamps }));
  }

  async #renew(): Promise<void> {
    if (this.#underWay.size === 0) return;
    const calls = [...this.#underWay].map(({ id, flying, marks }) => ({ id, flying, marks }));
    await this.#run(renewScript, JSON.stringify({ leaseMs: this.#leaseMs, calls }));
  }

  /** Whether the store knows what this gateway admitted before; asked anew after each connection. */
  #ready(): Promise<boolean> {
    this.#seeded ??= this.#seed();
    return this.#seeded;
  }

  async #seed(): Promise<boolean> {
    const entries = this.#options.own.snapshot().map((entry) => {
      const label = labelOfKey(entry.key);
      const { time, windowMs } = entry;
      if (label !== null) return { ...label, time, windowMs };
      return { key: entry.key, time, windowMs, units: pair(exactUnits(entry.units)) };
    });
    const done = await this.#run(seedScript, [this.#options.gatewayId, JSON.stringify(entries)]);
    if (done !== null) return true;
    this.#seeded = null;
    return false;
  }

  /** The answer, or null where there is none in time. */
  async #run(
    script: string,
    args: string | readonly string[],
    late: (answer: unknown) => void = () => undefined,
  ): Promise<unknown> {
    const { deadlineMs = 250 } = this.#options;
    const sent = this.#send(script, typeof args === 'string' ? [args] : args);
    const answer = await withDeadline(sent, deadlineMs, late);
    if (answer === null) this.#away(new Error('no answer in time'));
    else if (this.#wasAway) {
      this.#wasAway = false;
      this.#options.log.info('the shared store is back', {});
    }
    return answer;
  }

  async #send(script: string, args: readonly string[]): Promise<unknown> {
    const { client } = this.#options;
    try {
      return await client.evalsha(hash('sha1', script, 'hex'), 1, this.#prefix, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      // The store has not seen this script, so nothing of it ran.
      return client.eval(script, 1, this.#prefix, ...args);
    }
  }

  #away(error: Error): void {
    if (this.#wasAway) return;
    this.#wasAway = true;
    const detail = error.message.slice(0, 200);
    this.#options.log.error('the shared store does not answer; limited calls are refused', {
      detail,
    });
  }
}

/** Takes of one key count once, with the largest of their units. */
function takesOf(takes: readonly Take[]): readonly object[] {
  return takes.map((take) => {
    const alike = takes.filter(
      ({ key, windowMs }) => key === take.key && (windowMs === null) === (take.windowMs === null),
    );
    const units = alike.reduce((most, { units: one }) => Math.max(most, one), 0);
    return { ...take, units: pair(exactUnits(Math.min(units, 2 ** 53))) };
  });
}

/** Whole units and billionths: numbers that a script's doubles hold exactly. */
function pair(units: ExactUnits): readonly [number, number] {
  return [Number(units / 1_000_000_000n), Number(units % 1_000_000_000n)];
}

/** The exact units of such a pair, as a script writes it. */
function unitsOf(text: string): ExactUnits {
  const [whole = '0', rest = '0'] = text.split(':');
  return BigInt(whole) * 1_000_000_000n + BigInt(rest);
}

/** What the script says that it took. */
function receiptOf(
  of: Pick<ValkeyReceipt, 'takes' | 'marks' | 'id' | 'own'>,
  answer: readonly unknown[],
): ValkeyReceipt {
  const { takes } = of;
  const flying = [...new Set(takes.flatMap((take) => (take.windowMs === null ? [take.key] : [])))];
  // The script wrote this itself.
  const stamps = JSON.parse(String(answer[2])) as readonly unknown[];
  const before = unitsIn(String(answer[3]));
  return new ValkeyReceipt({ ...of, atMs: Number(answer[1]), before, flying, stamps });
}

/** What the script calls `text`, divided by spaces, as numbers. */
function unitsIn(texts: string): readonly number[] {
  return texts
    .split(' ')
    .filter((text) => text !== '')
    .map((text) => numberOfUnits(unitsOf(text)));
}

/** The answer, or null when it is late or there is none; a late one is handed to `late`. */
function withDeadline(
  work: Promise<unknown>,
  ms: number,
  late: (answer: unknown) => void,
): Promise<unknown> {
  return new Promise((resolve) => {
    let isOver = false;
    const end = (value: unknown): void => {
      clearTimeout(timer);
      isOver = true;
      resolve(value ?? null);
    };
    const timer = setTimeout(() => end(null), ms);
    work.then(
      (value) => (isOver ? late(value) : end(value)),
      () => end(null),
    );
  });
}
