import { seeded } from '../policy/random-case.ts';
import { bodyOf } from './case.ts';

/** Chance from a seed: the same seed gives the same numbers, for ever. */
export interface Chance {
  /** An integer from 0 to `below` − 1. */
  integer(below: number): number;
  pick<Value>(values: readonly Value[]): Value;
}

export function chanceOf(seed: number): Chance {
  const random = seeded(seed);
  const integer = (below: number): number => (random() * 0x1_0000_0000) % below;
  return {
    integer,
    pick: (values) => {
      const value = values[integer(values.length)];
      if (value === undefined) throw new Error('there is nothing to pick from');
      return value;
    },
  };
}

/** What parsers of HTTP and JSON trip over, and the words that this corpus is about. */
const words: readonly string[] = [
  'read',
  'secret',
  'pay',
  'write',
  'extra',
  'amount',
  'Amount',
  'name',
  'Name',
  'arguments',
  'params',
  'method',
  'Method',
  'tools/call',
  'tools/list',
  'jsonrpc',
  '2.0',
  'id',
  '_meta',
  '"name":"secret"',
  '"amount":5000',
  '"method":"tools/call"',
  '"params":{"name":"secret"}',
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  '\\u0000',
  '\\u0061',
  '\\ud800',
  '\\"',
  '__proto__',
  '0',
  '-0',
  '1e400',
  '1001',
  '5000',
  '1.0',
  '9007199254740993',
  'null',
  'true',
  'NaN',
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  ' ',
  '\t',
  '\0',
  '\ufeff',
  '\u2028',
  '/*',
  '*/',
  '//',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Host: evil\r\n',
  'Mcp-Name: read\r\n',
  'MCP-Protocol-Version: 2025-03-26\r\n',
  'Mcp-Method: tools/list\r\n',
  '0\r\n\r\n',
  'HTTP/1.1',
];

/** A request made of others: a few small changes, and a length that mostly fits again. */
export function mutateRequest(chance: Chance, seeds: readonly Buffer[]): Buffer {
  const changed = mutateBytes(chance, chance.pick(seeds), seeds);
  return chance.integer(4) === 0 ? changed : withLength(changed);
}

/** Up to five changes: of bytes, of ranges, of words, of members. */
export function mutateBytes(chance: Chance, seed: Buffer, seeds: readonly Buffer[]): Buffer {
  let bytes = seed;
  for (let left = 1 + chance.integer(5); left > 0; left -= 1) {
    const change = chance.pick(changes);
    bytes = change(chance, bytes, seeds).subarray(0, 65_536);
  }
  return bytes;
}

type Change = (chance: Chance, bytes: Buffer, seeds: readonly Buffer[]) => Buffer;

const changes: readonly Change[] = [
  flipBit,
  (chance, bytes) => splice(bytes, range(chance, bytes, 8), Buffer.alloc(0)),
  (chance, bytes) => splice(bytes, place(chance, bytes), Buffer.from(chance.pick(words))),
  (chance, bytes) => splice(bytes, place(chance, bytes), Buffer.from([chance.integer(256)])),
  replaceWord,
  repeatRange,
  graft,
  repeatMember,
  changeCase,
];

type Range = readonly [start: number, end: number];

function splice(bytes: Buffer, [start, end]: Range, between: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, start), between, bytes.subarray(end)]);
}

/** Mostly within the body, where the meaning is. */
function place(chance: Chance, bytes: Buffer): Range {
  const body = bytes.length - bodyOf(bytes).length;
  const from = chance.integer(4) === 0 ? 0 : Math.min(body, bytes.length);
  const at = from + chance.integer(bytes.length - from + 1);
  return [at, at];
}

function range(chance: Chance, bytes: Buffer, lengthMax: number): Range {
  const [start] = place(chance, bytes);
  return [start, Math.min(bytes.length, start + chance.integer(lengthMax) + 1)];
}

function flipBit(chance: Chance, bytes: Buffer): Buffer {
  const [at] = place(chance, bytes);
  const byte = (bytes[at] ?? 0) ^ (1 << chance.integer(8));
  return splice(bytes, [at, Math.min(at + 1, bytes.length)], Buffer.from([byte]));
}

function replaceWord(chance: Chance, bytes: Buffer): Buffer {
  const word = Buffer.from(chance.pick(words));
  const at = bytes.indexOf(word);
  if (at < 0) return bytes;
  return splice(bytes, [at, at + word.length], Buffer.from(chance.pick(words)));
}

function repeatRange(chance: Chance, bytes: Buffer): Buffer {
  const [start, end] = range(chance, bytes, 64);
  return splice(bytes, [end, end], bytes.subarray(start, end));
}

/** A piece of another request, put somewhere. */
function graft(chance: Chance, bytes: Buffer, seeds: readonly Buffer[]): Buffer {
  const other = chance.pick(seeds);
  const [start, end] = range(chance, other, 96);
  return splice(bytes, place(chance, bytes), other.subarray(start, end));
}

/** A member once more, with another value: what two parsers read in two ways. */
function repeatMember(chance: Chance, bytes: Buffer): Buffer {
  const members = [...bytes.toString('latin1').matchAll(/"([A-Za-z]+)" *: *("[^"]*"|[0-9.]+)/g)];
  if (members.length === 0) return bytes;
  const member = chance.pick(members);
  const value = chance.pick(['"secret"', '"read"', '5000', '1', '"tools/call"', '{}', 'null']);
  const again = Buffer.from(`,"${member[1] ?? ''}":${value}`);
  const end = member.index + member[0].length;
  return splice(bytes, [end, end], again);
}

function changeCase(chance: Chance, bytes: Buffer): Buffer {
  const [at, end] = range(chance, bytes, 4);
  const text = bytes.toString('latin1', at, end);
  const other = text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
  return splice(bytes, [at, end], Buffer.from(other, 'latin1'));
}

/** The announced length is made to fit, so that what is judged is the body. */
function withLength(request: Buffer): Buffer {
  const body = bodyOf(request);
  const head = request.subarray(0, request.length - body.length).toString('latin1');
  const fitting = head.replace(/(\r\nContent-Length: *)[0-9]+/i, `$1${body.length}`);
  return Buffer.concat([Buffer.from(fitting, 'latin1'), body]);
}
