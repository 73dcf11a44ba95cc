import { genesisHash, lineBytesMax, readLineHead } from './chain.ts';
import type { ChainHead, LineHead, Sha256 } from './chain.ts';
import type { Checkpoint, CheckpointProblem } from './checkpoint.ts';
import { classify } from './tamper.ts';
import type { Expected, Finding, Place, Seen } from './tamper.ts';

export type { Finding, Place, TamperKind } from './tamper.ts';

/** What the whole log turned out to be. `finding` null means that it holds together. */
export interface VerifyReport {
  readonly finding: Finding | null;
  /** Records read before the first bad one. */
  readonly records: number;
  readonly segments: number;
  readonly head: ChainHead | null;
  /** The last record that a signed head confirms; 0 when none does. */
  readonly signedTo: number;
  /** Bytes after the last newline: a write that a crash cut short, or that is under way. */
  readonly tornBytes: number;
}

export interface VerifyInput {
  readonly sha256: Sha256;
  /** Answers undefined for what is not JSON. */
  readonly parse: (text: string) => unknown;
  readonly checkpoints: readonly Checkpoint[];
  readonly checkpointProblem: CheckpointProblem | null;
}

/** Is fed every line of every segment in the order of the segments' names, then asked. */
export interface Verifier {
  /** A segment begins; its name is the number that its first record should have. */
  segment(name: number): void;
  /** One line without its newline, each byte read as one character (Latin-1). */
  line(text: string): void;
  /** What follows the last newline of the segment. */
  torn(bytes: number): void;
  report(): VerifyReport;
}

/** A checkpoint that says at which record retention cut the log's beginning off. */
interface Anchor {
  readonly first: number;
  readonly hash: string;
}

/**
 * Walks a log once and names the first record that is not as it was written. It needs nothing but
 * the lines and the signed heads, and goes on after the first anomaly only to tell of which kind
 * it is.
 */
export function createVerifier(input: VerifyInput): Verifier {
  return new ChainWalk(input);
}

class ChainWalk implements Verifier {
  readonly #input: VerifyInput;
  readonly #signed: ReadonlyMap<number, Checkpoint>;
  readonly #signedMax: number;
  #expected: Expected = { seq: 1, prev: null, before: null, place: { segment: 1, line: 0 } };
  #segment: number | null = null;
  #line = 0;
  #segments = 0;
  #signedTo = 0;
  #tornBytes = 0;
  #installation: string | null = null;
  #anchor: Anchor | null = null;
  #prunedTo = 0;
  #finding: Finding | null = null;
  #suspect: Seen | null = null;
  #next: Seen | null = null;
  #expectedLater = false;
  #againLater = false;
  #maxLater = 0;

  constructor(input: VerifyInput) {
    this.#input = input;
    this.#signed = new Map(input.checkpoints.map((checkpoint) => [checkpoint.seq, checkpoint]));
    this.#signedMax = input.checkpoints.reduce((max, { seq }) => Math.max(max, seq), 0);
  }

  segment(name: number): void {
    const previous = this.#segment;
    const torn = this.#tornBytes > 0;
    const place = this.#place();
    this.#segment = name;
    this.#line = 0;
    this.#tornBytes = 0;
    this.#segments += 1;
    if (this.#finding !== null || this.#suspect !== null) return;
    if (torn && name === this.#expected.seq) {
      // Only the last segment may end without a newline: nothing is written to the others.
      this.#finding = { kind: 'malformed', seq: name, ...after(place) };
      return;
    }

    if (previous === null && name !== 1) this.#startAt(name);
    else if (name < this.#expected.seq) this.#stop('segment-inserted', name, 1);
  }

  line(text: string): void {
    this.#line += 1;
    if (this.#finding !== null) return;
    const head = readLineHead(text);
    if (this.#suspect !== null) {
      this.#lookAhead(this.#suspect, head, text);
      return;
    }
    if (this.#line === 1 && !this.#segmentFits(head, text)) return;

    const hash = this.#input.sha256(text);
    const place = this.#place();
    const { seq, prev } = this.#expected;
    const value = head === null ? null : this.#record(head, text);
    const signed = this.#signed.get(seq);
    const rewritten = signed !== undefined && signed.hash !== hash;
    if (value === null || head?.seq !== seq || (prev !== null && head.prev !== prev) || rewritten) {
      this.#suspect = { head, hash, place, valid: value !== null, rewritten };
      return;
    }
    if (this.#line === 1 && !this.#headFits(value, head)) return;

    if (signed !== undefined) this.#signedTo = seq;
    this.#notePruned(text, value);
    this.#expected = { seq: seq + 1, prev: hash, before: head.prev, place };
  }

  torn(bytes: number): void {
    this.#tornBytes = bytes;
  }

  report(): VerifyReport {
    const { seq, prev } = this.#expected;
    return {
      finding: this.#firstFinding(),
      records: seq - (this.#anchor?.first ?? 1),
      segments: this.#segments,
      head: seq === 1 || prev === null ? null : { seq: seq - 1, hash: prev },
      signedTo: this.#signedTo,
      tornBytes: this.#tornBytes,
    };
  }

  #firstFinding(): Finding | null {
    if (this.#finding !== null) return this.#finding;
    if (this.#suspect !== null) {
      return classify({
        expected: this.#expected,
        suspect: this.#suspect,
        next: this.#next,
        expectedLater: this.#expectedLater,
        againLater: this.#againLater,
        maxLater: this.#maxLater,
        signedTo: this.#signedTo,
      });
    }
    const { seq, place } = this.#expected;
    if (this.#anchor !== null && this.#prunedTo < this.#anchor.first) {
      return { kind: 'segment-removed', seq: 1, segment: 1, line: 1 };
    }
    if (this.#signedMax >= seq) return { kind: 'truncated', seq, ...after(place) };

    const problem = this.#input.checkpointProblem;
    if (problem !== null) return { ...problem, segment: null };
    if (this.#signed.size > 0 || seq === 1) return null;
    return { kind: 'checkpoint-missing', seq: seq - 1, segment: null, line: 0 };
  }

  /** The log's beginning is gone: only a signed head can say what the rest is linked to. */
  #startAt(name: number): void {
    const signed = this.#signed.get(name - 1);
    if (signed === undefined) {
      this.#finding = { kind: 'segment-removed', seq: 1, segment: 1, line: 1 };
      return;
    }
    this.#anchor = { first: name, hash: signed.hash };
    this.#signedTo = name - 1;
    const place = { segment: name, line: 0 };
    this.#expected = { seq: name, prev: signed.hash, before: null, place };
  }

  /** The first line of a file tells whether the file is the one that belongs at this place. */
  #segmentFits(head: LineHead | null, text: string): boolean {
    const name = this.#segment ?? 1;
    if (head === null) return true;
    if (head.seq > name) return this.#stop('segment-swapped', name, 1);
    if (head.seq < name) return this.#stop('segment-replayed', name, 1);
    const detail = detailOf(this.#input.parse(text));
    const installation = detail?.['installation'];
    if (this.#installation !== null && installation !== this.#installation) {
      if (typeof installation === 'string') return this.#stop('foreign', name, 1);
    }
    if (name === this.#expected.seq) return true;

    const previous = detail?.['previous'];
    const place = this.#expected.place;
    const missing = this.#expected.seq;
    const kind = previous === place.segment ? 'removed' : 'segment-removed';
    const where = kind === 'removed' ? after(place) : { segment: missing, line: 1 };
    this.#finding = { kind, seq: missing, ...where };
    return false;
  }

  /** Every segment begins with a record that names the installation. */
  #headFits(value: Readonly<Record<string, unknown>>, head: LineHead): boolean {
    const installation = detailOf(value)?.['installation'];
    const first = value['kind'] === 'system' && value['event'] === 'segment';
    if (!first || typeof installation !== 'string') return this.#stop('malformed', head.seq, 1);
    this.#installation = installation;
    if (head.seq > 1 || head.prev === genesisHash(installation, this.#input.sha256)) return true;
    return this.#stop('changed', 1, 1);
  }

  #record(head: LineHead, text: string): Readonly<Record<string, unknown>> | null {
    if (text.length > lineBytesMax || /[^\x20-\x7e]/.test(text)) return null;
    const value = this.#input.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    // Every object has string keys and values of some type.
    const record = value as Readonly<Record<string, unknown>>;
    const same = record['v'] === 1 && record['seq'] === head.seq && record['prev'] === head.prev;
    return same ? record : null;
  }

  #notePruned(text: string, value: Readonly<Record<string, unknown>>): void {
    if (!text.includes('"event":"pruned"') || value['kind'] !== 'system') return;
    const firstKept = detailOf(value)?.['firstKept'];
    if (typeof firstKept === 'number') this.#prunedTo = Math.max(this.#prunedTo, firstKept);
  }

  #lookAhead(suspect: Seen, head: LineHead | null, text: string): void {
    if (this.#next === null) {
      const hash = this.#input.sha256(text);
      const place = this.#place();
      this.#next = { head, hash, place, valid: head !== null, rewritten: false };
    }
    if (head === null) return;
    this.#maxLater = Math.max(this.#maxLater, head.seq);
    if (head.seq === this.#expected.seq) this.#expectedLater = true;
    if (head.seq === suspect.head?.seq) this.#againLater = true;
  }

  #stop(kind: Finding['kind'], seq: number, line: number): false {
    this.#finding = { kind, seq, segment: this.#segment, line };
    return false;
  }

  #place(): Place {
    return { segment: this.#segment ?? 1, line: this.#line };
  }
}

function after(place: Place): Place {
  return { segment: place.segment, line: place.line + 1 };
}

function detailOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null || !('detail' in value)) return null;
  const detail = value.detail;
  if (typeof detail !== 'object' || detail === null) return null;
  // Every object has string keys and values of some type.
  return detail as Readonly<Record<string, unknown>>;
}
