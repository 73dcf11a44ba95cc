import type { Clock } from '../../base/clock.ts';

/** Receives whole lines, without their end; `overflow` says that a line passed the bound. */
export interface LineSink {
  line(bytes: Uint8Array): void;
  overflow(): void;
}

const empty = Buffer.alloc(0);
const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts a stream of bytes into lines, holding at most `lineBytesMax` of an unfinished one. After an
 * overflow it takes nothing more: the stream has lost its place.
 */
export class LineSplitter {
  readonly #lineBytesMax: number;
  readonly #sink: LineSink;
  #held: Buffer = empty;
  #heldBytes = 0;
  #stopped = false;

  constructor(lineBytesMax: number, sink: LineSink) {
    this.#lineBytesMax = lineBytesMax;
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    while (!this.#stopped) {
      const end = chunk.indexOf(newline, start);
      if (end === -1) break;
      this.#take(chunk.subarray(start, end));
      start = end + 1;
    }
    if (!this.#stopped && start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** The stream ended: what is left without a newline is not a line. */
  stop(): void {
    this.#stopped = true;
    this.#held = empty;
    this.#heldBytes = 0;
  }

  #take(rest: Uint8Array): void {
    let whole = rest;
    if (this.#heldBytes > 0) {
      if (!this.#hold(rest)) return;
      whole = this.#held.subarray(0, this.#heldBytes);
      this.#held = empty;
      this.#heldBytes = 0;
    } else if (rest.length > this.#lineBytesMax) {
      this.#overflow();
      return;
    }
    const end = whole.at(-1) === carriageReturn ? whole.length - 1 : whole.length;
    if (end > 0) this.#sink.line(whole.subarray(0, end));
  }

  /** Grows by doubling, so that a line that comes byte by byte costs no more than its bytes. */
  #hold(part: Uint8Array): boolean {
    const needed = this.#heldBytes + part.length;
    if (needed > this.#lineBytesMax) {
      this.#overflow();
      return false;
    }
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#held.length, 4_096));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    this.#held.set(part, this.#heldBytes);
    this.#heldBytes = needed;
    return true;
  }

  #overflow(): void {
    this.stop();
    this.#sink.overflow();
  }
}

/** Counts events and says when more than `max` fell into one window of `windowMs`. */
export class EventWindow {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #windowMs: number;
  #since: number;
  #count = 0;

  constructor(clock: Clock, max: number, windowMs: number) {
    this.#clock = clock;
    this.#max = max;
    this.#windowMs = windowMs;
    this.#since = clock.monotonicMs();
  }

  /** Notes one event; true when that is one too many. */
  exceeded(): boolean {
    const now = this.#clock.monotonicMs();
    if (now - this.#since >= this.#windowMs) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count > this.#max;
  }
}

/**
 * One JSON-RPC message as a line of stdio: the judged bytes and a newline. A newline can stand
 * only between tokens there, where a space means the same, so lengths and offsets do not change.
 */
export function lineOf(message: Uint8Array): Buffer {
  const line = Buffer.allocUnsafe(message.length + 1);
  line.set(message);
  for (const end of [newline, carriageReturn]) {
    for (let at = line.indexOf(end); at !== -1 && at < message.length; at = line.indexOf(end, at)) {
      line[at] = 0x20;
    }
  }
  line[message.length] = newline;
  return line;
}

const eventStart = Buffer.from('event: message\ndata: ');
const eventEnd = Buffer.from('\n\n');

/** One message as a server-sent event. A bare carriage return would end the line: it is blanked. */
export function eventOf(message: Uint8Array): Buffer {
  const event = Buffer.concat([eventStart, message, eventEnd]);
  const end = event.length - eventEnd.length;
  for (const bad of [newline, carriageReturn]) {
    let at = event.indexOf(bad, eventStart.length);
    for (; at !== -1 && at < end; at = event.indexOf(bad, at)) event[at] = 0x20;
  }
  return event;
}
