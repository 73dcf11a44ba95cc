import assert from 'node:assert/strict';

import { LineSplitter as ClientLines } from '../../src/gateway/listen/lines.ts';
import { readBatch, readFrame, textOf, type Frame } from '../../src/gateway/upstream/frame.ts';
import { lineOf, LineSplitter as ServerLines } from '../../src/gateway/upstream/framing.ts';
import { peekAnswer } from '../../src/mcp/answer.ts';
import { createSseDecoder, encodeSseEvent } from '../../src/mcp/sse.ts';
import { Refused, readReference } from './reference-json.ts';
import type { ReferenceValue } from './reference-json.ts';

/** What an event says: what has to be the same however its bytes were cut. */
interface Said {
  readonly data: string | null;
  readonly event: string | null;
  readonly id: string | null;
  readonly retryMs: number | null;
}

const streamBytesMax = 1_048_576;
const frameLimits = { bytesMax: 65_536, depthMax: 64, valuesMax: 10_000, stringMax: 65_536 };

/** The decoder says what an obvious reading of the whole stream says, and loses no byte. */
export function assertEventsAgree(bytes: Uint8Array, cuts: readonly number[]): void {
  const decoder = createSseDecoder({ eventBytesMax: streamBytesMax });
  const said: Said[] = [];
  const raw: Uint8Array[] = [];
  let stopped = false;
  for (const chunk of cutAt(bytes, cuts)) {
    const events = decoder.push(chunk);
    stopped = typeof events === 'string';
    for (const event of typeof events === 'string' ? [] : events) {
      raw.push(event.raw);
      const { data, event: type, id, retryMs } = event;
      said.push({ data, event: type, id, retryMs });
    }
    if (stopped) break;
  }
  const shown = JSON.stringify([Buffer.from(bytes).toString('latin1'), cuts]);
  const expected = referenceEvents(bytes);
  // A decoder that stops for broken text tells so behind the events that stand before it.
  if (expected.broken && !stopped) assert.equal(decoder.push(new Uint8Array([10])), 'invalid-utf8');
  else if (!expected.broken) assert.equal(stopped, false, shown);
  assert.deepEqual(said.filter(saysAnything), expected.events, shown);
  const whole = Buffer.concat([...raw, decoder.rest()]);
  if (!expected.broken) assert.deepEqual(whole, Buffer.from(bytes), shown);
}

/** Whatever is written as one event is read as that one event. */
export function assertOneEvent(data: string, event: string, id: string): void {
  const read = referenceEvents(encodeSseEvent({ data, event, id }));
  const { broken, events } = read;
  const shown = JSON.stringify([data, event, id]);
  assert.equal(broken, false, shown);
  assert.equal(events.length, 1, shown);
  const written = data.replaceAll(/\r\n|\r/g, '\n').replaceAll('\0', String.raw`\u0000`);
  assert.equal(events[0]?.data, written, shown);
}

/** Both splitters give the lines of the whole stream, and refuse what is longer than their bound. */
export function assertLinesAgree(
  bytes: Uint8Array,
  cuts: readonly number[],
  lineBytesMax: number,
): void {
  const shown = JSON.stringify([Buffer.from(bytes).toString('latin1'), cuts, lineBytesMax]);
  const { lines, longest } = referenceLines(bytes);
  const fromServer: string[] = [];
  let overflowed = false;
  const splitter = new ServerLines(lineBytesMax, {
    line: (line) => fromServer.push(Buffer.from(line).toString('latin1')),
    overflow: () => (overflowed = true),
  });
  const clientSplitter = new ClientLines(lineBytesMax);
  const fromClient: string[] = [];
  let clientStopped = false;
  for (const chunk of cutAt(bytes, cuts)) {
    splitter.push(chunk);
    if (clientStopped) continue;
    const read = clientSplitter.push(chunk);
    clientStopped = read === null;
    for (const line of read ?? []) fromClient.push(Buffer.from(line).toString('latin1'));
  }
  const full = lines.filter((line) => line !== '');
  assert.equal(overflowed, longest > lineBytesMax, shown);
  assert.deepEqual(fromServer, overflowed ? full.slice(0, fromServer.length) : full, shown);
  assert.ok(!clientStopped || longest > lineBytesMax, shown);
  assert.deepEqual(fromClient, clientStopped ? lines.slice(0, fromClient.length) : lines, shown);
}

/** A line that is a message reads as that message, with no other meaning; no line breaks a reader. */
export function assertFrameAgrees(bytes: Uint8Array): 'message' | 'other' {
  const frame = readFrame(bytes);
  const peeked = peekAnswer(bytes);
  readBatch(bytes, 100);
  const shown = JSON.stringify(Buffer.from(bytes).toString('latin1'));
  const value = reference(bytes);
  if (!(value instanceof Map)) return 'other';
  const kind = kindOf(value);
  assert.equal(frame?.kind ?? null, kind, shown);
  if (frame === null || kind === null) return 'other';
  assert.equal(frame.method, value.get('method') ?? null, shown);
  for (const key of ['id', 'params', 'result', 'error'] as const) {
    assertSameSpan(frame, key, kind === 'response' || key === 'id' || key === 'params', value);
  }
  if (peeked.kind !== 'invalid') assert.equal(peeked.kind, kind, shown);
  assertOneLine(bytes, value);
  return 'message';
}

/** What is written to a server as a line is one line, and means what was judged. */
function assertOneLine(bytes: Uint8Array, value: ReferenceValue): void {
  const line = lineOf(bytes);
  assert.equal(line.indexOf(10), line.length - 1);
  assert.deepEqual(reference(line.subarray(0, -1)), value);
}

function assertSameSpan(
  frame: Frame,
  key: 'id' | 'params' | 'result' | 'error',
  isRead: boolean,
  value: ReadonlyMap<string, ReferenceValue>,
): void {
  const span = frame[key];
  if (!isRead) return;
  if (span === null) {
    if (frame.kind !== 'response' || key !== 'params') assert.equal(value.has(key), false);
    return;
  }
  assert.deepEqual(reference(Buffer.from(textOf(frame.bytes, span))), value.get(key));
}

function kindOf(value: ReadonlyMap<string, ReferenceValue>): Frame['kind'] | null {
  if (value.has('method')) {
    if (typeof value.get('method') !== 'string') return null;
    return value.has('id') ? 'request' : 'notification';
  }
  return value.has('id') && value.has('result') !== value.has('error') ? 'response' : null;
}

function reference(bytes: Uint8Array): ReferenceValue | undefined {
  try {
    return readReference(bytes, frameLimits).value;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** The standard's reading of a whole stream (HTML, section 9.2.6), as plain as can be. */
function referenceEvents(bytes: Uint8Array): {
  readonly events: readonly Said[];
  readonly broken: boolean;
} {
  const lines = Buffer.from(bytes)
    .toString('latin1')
    .split(/\r\n|\n|\r/);
  lines.pop();
  const events: Said[] = [];
  let block: string[] = [];
  let first = true;
  for (const line of lines) {
    block.push(line);
    if (line !== '') continue;
    const text = strictText(Buffer.from(block.join('\n'), 'latin1'));
    if (text === null) return { events, broken: true };
    const said = saidBy((first ? text.replace(/^\uFEFF/, '') : text).split('\n'));
    if (saysAnything(said)) events.push(said);
    block = [];
    first = false;
  }
  return { events, broken: false };
}

/** A control other than the tab, or a separator of lines or paragraphs (Unicode 15, UAX #14). */
const otherBreak = /[\0-\x08\n-\x1f\x7f-\x9f\u2028\u2029]/;

function saidBy(lines: readonly string[]): Said {
  const fields = lines.flatMap((line) => {
    const match = /^([^:]+)(?:: ?([\s\S]*))?$/.exec(line);
    // What some readers take for the end of a line is kept in data alone.
    const isCut = otherBreak.test(line) && match?.[1] !== 'data';
    return match === null || isCut ? [] : [[match[1], match[2] ?? ''] as const];
  });
  const data = fields.filter(([name]) => name === 'data').map(([, text]) => text);
  const last = (name: string, holds: (text: string) => boolean): string | null =>
    fields.findLast(([field, text]) => field === name && holds(text))?.[1] ?? null;
  const retry = last('retry', (text) => /^[0-9]{1,15}$/.test(text));
  return {
    data: data.length === 0 ? null : data.join('\n'),
    event: last('event', () => true),
    id: last('id', () => true),
    retryMs: retry === null ? null : Number(retry),
  };
}

function saysAnything({ data, event, id, retryMs }: Said): boolean {
  return data !== null || event !== null || id !== null || retryMs !== null;
}

function strictText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function referenceLines(bytes: Uint8Array): {
  readonly lines: readonly string[];
  readonly longest: number;
} {
  const parts = Buffer.from(bytes).toString('latin1').split('\n');
  const longest = Math.max(...parts.map((part) => part.length));
  parts.pop();
  return { lines: parts.map((part) => part.replace(/\r$/, '')), longest };
}

/** The bytes in pieces: cut wherever the numbers say. */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const edges = [0, ...places, bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}
