import { decodeUtf8 } from '../base/utf8.ts';

/** One event: its bytes as they came (with the blank line that ends it) and what it says. */
export interface SseEvent {
  readonly raw: Uint8Array;
  /** `data` lines joined by LF; null when the block has no `data` line (comments, `retry`, ids). */
  readonly data: string | null;
  readonly event: string | null;
  readonly id: string | null;
  readonly retryMs: number | null;
  /**
   * Every line of it is one that the standard has a meaning for, and one line to every reader.
   * Others are nothing to this reader; to another they may be more: some take a byte order mark
   * away where it is no mark any more, some end lines at whatever Unicode calls a line end.
   */
  readonly plain: boolean;
}

export type SseProblem = 'event-too-large' | 'invalid-utf8';

/**
 * Reads a stream chunk by chunk. The `raw` parts of all events, then `rest`, are the stream's own
 * bytes, none missing. After a problem nothing more is read.
 */
export interface SseDecoder {
  /**
   * The events that `chunk` completed, in order; or why the stream must end, which is told once no
   * complete event is left to be handed over, and from then on.
   */
  push(chunk: Uint8Array): readonly SseEvent[] | SseProblem;
  /** The bytes of an unfinished event: by the standard they are discarded at the end. */
  rest(): Uint8Array;
}

/**
 * A decoder of `text/event-stream` (HTML, section 9.2.6): lines end in CRLF, LF or CR, wherever
 * chunks are cut. An event longer than `eventBytesMax` bytes is a problem, finished or not.
 */
export function createSseDecoder(limits: { readonly eventBytesMax: number }): SseDecoder {
  const state = newState();
  return {
    push: (chunk) => readChunk(state, chunk, limits.eventBytesMax),
    rest: () => concat(state.parts),
  };
}

interface State {
  /** The bytes of the event that is not complete yet. */
  parts: Uint8Array[];
  length: number;
  lineEmpty: boolean;
  /** The last byte was a CR: a LF that follows belongs to it. */
  afterCr: boolean;
  /** Nothing was read yet: a byte order mark may lead. */
  first: boolean;
  problem: SseProblem | null;
}

function newState(): State {
  return { parts: [], length: 0, lineEmpty: true, afterCr: false, first: true, problem: null };
}

const LF = 0x0a;
const CR = 0x0d;

function readChunk(
  state: State,
  chunk: Uint8Array,
  eventBytesMax: number,
): readonly SseEvent[] | SseProblem {
  const events: SseEvent[] = [];
  let from = 0;
  while (state.problem === null && from < chunk.length) {
    const end = blankLineEnd(state, chunk, from);
    const until = end < 0 ? chunk.length : end;
    state.parts.push(chunk.subarray(from, until));
    state.length += until - from;
    from = until;
    if (state.length > eventBytesMax) state.problem = 'event-too-large';
    else if (end >= 0) finishEvent(state, events);
  }
  return events.length === 0 && state.problem !== null ? state.problem : events;
}

/** The offset behind the next blank line, or -1 when the chunk ends before one does. */
function blankLineEnd(state: State, chunk: Uint8Array, from: number): number {
  for (let at = from; at < chunk.length; at += 1) {
    const byte = chunk[at];
    const completesCrLf = state.afterCr && byte === LF;
    state.afterCr = byte === CR;
    if (completesCrLf) continue;
    if (byte !== LF && byte !== CR) {
      state.lineEmpty = false;
      continue;
    }
    if (!state.lineEmpty) {
      state.lineEmpty = true;
      continue;
    }
    // A LF that is already here goes with its CR; one that comes later leads the next event.
    if (byte === CR && chunk[at + 1] === LF) {
      state.afterCr = false;
      return at + 2;
    }
    return at + 1;
  }
  return -1;
}

function finishEvent(state: State, events: SseEvent[]): void {
  const raw = concat(state.parts);
  const text = decodeUtf8(raw);
  if (text === null) {
    state.problem = 'invalid-utf8';
    return;
  }
  const marked = state.first && text.startsWith('\uFEFF');
  const event = parseEvent(raw, marked ? text.slice(1) : text);
  events.push(marked ? { ...event, plain: false } : event);
  state.first = false;
  state.parts = [];
  state.length = 0;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first === undefined) return new Uint8Array(0);
  if (parts.length === 1) return first;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function parseEvent(raw: Uint8Array, text: string): SseEvent {
  const data: string[] = [];
  let event: string | null = null;
  let id: string | null = null;
  let retryMs: number | null = null;
  let plain = true;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [field, value] = fieldOf(line);
    const isBroken = OTHER_BREAK.test(line);
    if (isBroken) plain = false;
    if (field === 'data') data.push(value);
    else if (isBroken) continue;
    else if (field === 'event') event = value;
    else if (field === 'id') id = value;
    else if (field === 'retry' && /^[0-9]{1,15}$/.test(value)) retryMs = Number(value);
    else if (field !== '') plain = false;
  }
  return { raw, data: data.length === 0 ? null : data.join('\n'), event, id, retryMs, plain };
}

/** What some readers end a line at: every control but the tab is taken for it, NUL among them. */
const OTHER_BREAK = /[^\P{Cc}\t]|[\p{Zl}\p{Zp}]/u;
const OTHER_BREAKS = new RegExp(OTHER_BREAK, 'gu');

/**
 * JSON text on one line for every reader. Newlines between tokens are white space, and cannot stand
 * within strings; each other break is written as JSON escapes it, which changes no string, and where
 * there is none the text was no JSON before.
 */
export function onOneLine(json: string): string {
  return json
    .replaceAll(/[\r\n]+/g, ' ')
    .replaceAll(OTHER_BREAKS, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A comment has the empty field name; one space behind the colon is not part of the value. */
function fieldOf(line: string): readonly [field: string, value: string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}

/** An event to be written. */
export interface SseOutput {
  readonly data: string;
  readonly event?: string;
  readonly id?: string;
  readonly retryMs?: number;
}

/**
 * One event as bytes. Nothing in it can begin another: each line of `data`, which is JSON, becomes a
 * `data` line, and an `event` or `id` that holds a control or a line break is left out.
 */
export function encodeSseEvent(output: SseOutput): Uint8Array {
  let text = '';
  if (output.event !== undefined && isOneLine(output.event)) text += `event: ${output.event}\n`;
  if (output.id !== undefined && isOneLine(output.id)) text += `id: ${output.id}\n`;
  if (output.retryMs !== undefined) text += `retry: ${Math.trunc(output.retryMs)}\n`;
  for (const line of output.data.split(LINE_BREAK)) text += `data: ${onOneLine(line)}\n`;
  return encoder.encode(`${text}\n`);
}

/** A comment, which keeps a connection alive and says nothing. */
export function encodeSseComment(comment: string): Uint8Array {
  const lines = comment.split(LINE_BREAK).map((line) => `: ${line}\n`);
  return encoder.encode(`${lines.join('')}\n`);
}

const LINE_BREAK = /\r\n|\n|\r/;
const encoder = new TextEncoder();

function isOneLine(value: string): boolean {
  return !OTHER_BREAK.test(value);
}
