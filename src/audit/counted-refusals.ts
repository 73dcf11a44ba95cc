import type { Clock } from '../base/clock.ts';
import { newId } from '../base/id.ts';
import { ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { AuditLog, AuditPosition, AuditProblem } from './audit-log.ts';
import type { MethodRecord, RecordBody, RefusalRecord } from './record.ts';

export interface CountedRefusalsOptions {
  readonly log: AuditLog;
  readonly clock: Clock;
  /** Milliseconds; what is alike within one is counted beyond its burst. 10,000. */
  readonly intervalMs?: number;
  /** Records of its own that each sort of refusal gets in an interval: see `burstOf`. */
  readonly bursts?: Bursts;
}

export interface Bursts {
  /** Of requests without a valid token, by source and reason. */
  readonly unknown: number;
  /** Of requests refused at the edge, by grant and reason. */
  readonly edge: number;
  /** Of calls that were judged and refused, by grant, server and reason. */
  readonly call: number;
}

interface Flood {
  passed: number;
  count: number;
  sinceMs: number;
  last: MethodRecord | RefusalRecord;
}

const intervalDefaultMs = 10_000;
const burstsDefault: Bursts = { unknown: 20, edge: 200, call: 5_000 };
/** Floods told apart at once; whoever comes from yet another address shares one. */
const floodsMax = 2_000;
/** A flood is put on record at least once in so many refusals: what a crash can forget. */
const countMax = 10_000;

type Appended = Promise<Result<AuditPosition, AuditProblem>>;

/**
 * An audit log in front of another, that keeps a flood of refusals from filling the disk: the first
 * ones alike within an interval get a record each, the others are counted, and the interval's end
 * puts their number on record. INVARIANT: what is forwarded is never counted, always recorded; a
 * number that could not be put on record is kept and tried again.
 */
export class CountedRefusals implements AuditLog {
  readonly #log: AuditLog;
  readonly #clock: Clock;
  readonly #bursts: Bursts;
  readonly #floods = new Map<string, Flood>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: CountedRefusalsOptions) {
    this.#log = options.log;
    this.#clock = options.clock;
    this.#bursts = options.bursts ?? burstsDefault;
    const intervalMs = options.intervalMs ?? intervalDefaultMs;
    this.#timer = setInterval(() => void this.endInterval(), intervalMs);
    this.#timer.unref();
  }

  append(record: RecordBody): Appended {
    if (record.kind === 'refusal') return this.#refusal(record, `${record.grant} ${record.server}`);
    if (record.kind !== 'method' || record.decision === 'allow') return this.#log.append(record);
    return this.#refusal(record, record.grant ?? `from ${record.source ?? ''}`);
  }

  healthy(): boolean {
    return this.#log.healthy();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.endInterval();
    await this.#log.close();
  }

  /** Puts on record what was counted, and begins to count anew. */
  async endInterval(): Promise<void> {
    for (const [key, flood] of this.#floods) {
      if (flood.count === 0 || (await this.#tell(flood))) this.#floods.delete(key);
    }
  }

  #refusal(record: MethodRecord | RefusalRecord, who: string): Appended {
    const flood = this.#floodOf(`${who} ${record.code ?? ''}`, record);
    if (flood.passed < this.#burstOf(record)) {
      flood.passed += 1;
      return this.#log.append(record);
    }
    if (flood.count === 0) flood.sinceMs = record.time;
    flood.count += 1;
    flood.last = record;
    if (flood.count % countMax === 0) void this.#tell(flood);
    return counted;
  }

  #floodOf(key: string, record: MethodRecord | RefusalRecord): Flood {
    const known = this.#floods.get(key);
    if (known !== undefined) return known;
    const shared = this.#floods.size < floodsMax ? key : `others ${record.code ?? ''}`;
    const flood = this.#floods.get(shared) ?? { passed: 0, count: 0, sinceMs: 0, last: record };
    this.#floods.set(shared, flood);
    return flood;
  }

  #burstOf(record: MethodRecord | RefusalRecord): number {
    if (record.kind === 'refusal') return this.#bursts.call;
    return record.grant === null ? this.#bursts.unknown : this.#bursts.edge;
  }

  /** False when the number is not on record, and stays counted. */
  async #tell(flood: Flood): Promise<boolean> {
    const { count, sinceMs, last } = flood;
    flood.count = 0;
    const told = await this.#log.append(summary(last, { count, sinceMs }, this.#clock.nowMs()));
    if (told.ok) return flood.count === 0;
    flood.count += count;
    flood.sinceMs = sinceMs;
    return false;
  }
}

/** A counted refusal has no record, and so no number, of its own. */
const counted: Appended = Promise.resolve(ok({ seq: 0 }));

function summary(
  last: MethodRecord | RefusalRecord,
  { count, sinceMs }: Pick<Flood, 'count' | 'sinceMs'>,
  time: number,
): MethodRecord {
  const { grant, principal, server, code } = last;
  const isCall = last.kind === 'refusal';
  return {
    kind: 'method',
    id: newId('msg_'),
    time: Math.max(time, sinceMs),
    grant,
    principal,
    server,
    method: isCall ? 'tools/call' : last.method,
    direction: isCall ? 'to-server' : last.direction,
    decision: 'deny',
    code,
    ...(isCall || last.source === undefined ? {} : { source: last.source }),
    count,
    sinceMs,
  };
}
