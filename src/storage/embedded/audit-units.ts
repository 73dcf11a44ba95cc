import { unitsOf } from '../../audit/counter-entries.ts';
import type { StoredRecord } from '../../audit/chain.ts';
import type {
  CounterEntry,
  IntentRecord,
  OutcomeRecord,
  SystemRecord,
} from '../../audit/record.ts';
import { isLabelKey } from '../../counters/key.ts';
import { listSegments } from './audit-paths.ts';
import type { Segment } from './audit-paths.ts';
import { parseRecord, readLines } from './audit-read.ts';

/** A call that was forwarded, or was about to be, and of which no outcome is on record. */
export interface InDoubtCall {
  readonly seq: number;
  readonly id: string;
  readonly time: number;
  readonly grant: string;
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
}

/** What the log says of the counters and of unfinished calls. */
export interface LogMemory {
  /** Every unit that a counter may still hold; windows are for the counters to judge. */
  readonly counters: readonly CounterEntry[];
  /** Oldest first. */
  readonly inDoubt: readonly InDoubtCall[];
}

interface UnfinishedIntent {
  readonly seq: number;
  readonly body: IntentRecord;
}

/**
 * How the gateway writes the records of calls and messages. A line of this form that moves no units
 * is not parsed: of most lines only the id counts here, and a start waits for all of them.
 */
const outline =
  /"kind":"(intent|outcome|refusal|method)","id":"([A-Za-z0-9_]{1,64})","time":([0-9]{1,16}),/y;

/**
 * Collects from records, oldest first, what counters must be rebuilt with: the last whole snapshot,
 * then the units of every intent behind it, less what outcomes of these gave back.
 */
export class MemoryReader {
  #entries: CounterEntry[] = [];
  /** Entries of intents behind the last snapshot: exactly these were given back. */
  readonly #givenBack = new Set<CounterEntry>();
  /** False where the units of these records do not count. */
  readonly #units: boolean;
  /** By the id of the call; the line of one that was not parsed. */
  #open = new Map<string, UnfinishedIntent | string>();
  /** Calls whose outcome is among the records, and whose intent is not. */
  readonly #strays = new Set<string>();
  readonly #finished = new Map<string, readonly CounterEntry[]>();
  #snapshot: CounterEntry[] = [];
  #partsSeen = 0;
  #latestMs = 0;
  #whole = false;

  constructor({ units }: { readonly units: boolean } = { units: true }) {
    this.#units = units;
  }

  add(record: StoredRecord): void {
    const { body } = record;
    this.#latestMs = Math.max(this.#latestMs, body.time);
    if (body.kind === 'intent') this.#intent(record.seq, body);
    else if (body.kind === 'outcome') this.#outcome(body);
    else if (body.kind === 'system') this.#system(body);
  }

  /** The same of a line; one that is no record is passed over. */
  addLine(line: string): void {
    outline.lastIndex = line.indexOf('"kind":');
    const match = outline.exec(line);
    if (match === null || !line.endsWith('}') || (this.#units && movesUnits(line))) {
      const record = parseRecord(line);
      if (record !== null) this.add(record);
      return;
    }
    const [, kind, id = '', time] = match;
    this.#latestMs = Math.max(this.#latestMs, Number(time));
    if (kind === 'intent') this.#open.set(id, line);
    else if (kind === 'outcome' && !this.#open.delete(id)) this.#strays.add(id);
  }

  /**
   * Adds the unfinished calls of records that come before. Their units are in the snapshot that
   * this one must have.
   */
  addOlder(older: MemoryReader): void {
    const unfinished = [...older.#open].filter(([id]) => !this.#strays.has(id));
    this.#open = new Map([...unfinished, ...this.#open]);
  }

  /** A whole snapshot was among the records: older segments hold no unit that is not in it. */
  hasSnapshot(): boolean {
    return this.#whole;
  }

  memory(): LogMemory {
    const open = this.#unfinished();
    const inDoubt = open.map(({ seq, body }) => {
      const { id, time, grant, principal, server, tool } = body;
      return { seq, id, time, grant, principal, server, tool };
    });
    // What was under way may have answered up to the end of the log.
    const labels = open
      .flatMap(({ body }) => unitsOf(body))
      .filter(({ key }) => isLabelKey(key))
      .map((entry) => ({ ...entry, time: this.#latestMs }));
    const counters = [...this.#entries.filter((one) => !this.#givenBack.has(one)), ...labels];
    return { counters, inDoubt };
  }

  #unfinished(): readonly UnfinishedIntent[] {
    return [...this.#open.values()].flatMap((one) => {
      if (typeof one !== 'string') return [one];
      const record = parseRecord(one);
      return record?.body.kind === 'intent' ? [{ seq: record.seq, body: record.body }] : [];
    });
  }

  #intent(seq: number, body: IntentRecord): void {
    const units = unitsOf(body);
    this.#open.set(body.id, { seq, body });
    this.#entries.push(...units);
    if (units.length > 0) this.#finished.set(body.id, units);
  }

  #outcome(body: OutcomeRecord): void {
    if (!this.#open.delete(body.id)) this.#strays.add(body.id);
    for (const { key, units, windowMs } of body.units ?? []) {
      if (windowMs !== null) this.#entries.push({ key, units, windowMs, time: body.time });
    }
    if (!body.givenBack) return;
    // INVARIANT: what is in a snapshot is taken off nothing. It is not known which of its units they
    // are, or whether they were given back before it already: counted too long is never too loose.
    for (const entry of this.#finished.get(body.id) ?? []) this.#givenBack.add(entry);
  }

  /** A snapshot counts once all its parts were read: a crash may have cut it short. */
  #system(body: SystemRecord): void {
    if (body.event === 'segment') {
      this.#snapshot = [];
      this.#partsSeen = 0;
    }
    if (body.event !== 'counters') return;
    this.#snapshot.push(...(body.counters ?? []));
    this.#partsSeen += 1;
    if (body.detail['parts'] !== this.#partsSeen) return;
    this.#entries = this.#snapshot;
    this.#finished.clear();
    this.#whole = true;
  }
}

function movesUnits(line: string): boolean {
  return line.includes('"units":[{') || line.includes('"givenBack":true');
}

/**
 * What counters must be rebuilt with: units admitted at `sinceMs` (ms since the epoch) or later.
 * Reads the last segment, and those before it only where a crash cut its snapshot short. Throws what
 * `node:fs` throws.
 */
export function readUnits(directory: string, sinceMs: number): readonly CounterEntry[] {
  const { counters } = readMemory(listSegments(directory), 1);
  return counters.filter((entry) => entry.time >= sinceMs);
}

/**
 * The calls of the last two segments that have no outcome on record. With no gateway running each
 * is one of which nobody knows whether its server ran it. Throws what `node:fs` throws.
 */
export function inDoubt(directory: string): readonly InDoubtCall[] {
  return readMemory(listSegments(directory), 2).inDoubt;
}

/** Reads at least the last `segmentsMin` segments. */
export function readMemory(segments: readonly Segment[], segmentsMin: number): LogMemory {
  for (let count = segmentsMin; ; count += 1) {
    const reader = new MemoryReader();
    for (const segment of segments.slice(-count)) {
      readLines(segment.path, (line) => reader.addLine(line));
    }
    if (reader.hasSnapshot() || count >= segments.length) return reader.memory();
  }
}
