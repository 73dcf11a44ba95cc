/**
 * A second, obvious reader of strict JSON that shares nothing with the first: slow, recursive, one
 * regular expression for each token. It throws `Refused` and builds values as it goes.
 */
export class Refused extends Error {
  override readonly name = 'Refused';
}

export interface ReferenceLimits {
  readonly bytesMax: number;
  readonly depthMax: number;
  readonly valuesMax: number;
  readonly stringMax: number;
}

export type ReferenceValue =
  | null
  | boolean
  | number
  | string
  | ReferenceValue[]
  | Map<string, ReferenceValue>;

export interface ReferenceDocument {
  readonly value: ReferenceValue;
  readonly unsafeNumbers: boolean;
}

/** Objects become maps, so that no key is special; unsafe numbers become NaN. */
export function readReference(bytes: Uint8Array, limits: ReferenceLimits): ReferenceDocument {
  if (bytes.length > limits.bytesMax) throw new Refused('bytes');
  const reader = new Reader(decode(bytes), limits);
  const value = reader.value(0);
  reader.token(/[ \t\r\n]*/y);
  if (reader.at !== reader.text.length) throw new Refused('trailing');
  return { value, unsafeNumbers: reader.unsafeNumbers };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused('utf-8');
  }
}

class Reader {
  readonly text: string;
  readonly limits: ReferenceLimits;
  at = 0;
  values = 0;
  unsafeNumbers = false;

  constructor(text: string, limits: ReferenceLimits) {
    this.text = text;
    this.limits = limits;
  }

  /** Takes what the sticky pattern matches here, or null. */
  token(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return null;
    this.at = pattern.lastIndex;
    return match[0];
  }

  punctuation(c: string): boolean {
    this.token(/[ \t\r\n]*/y);
    if (this.text.charAt(this.at) !== c) return false;
    this.at += 1;
    return true;
  }

  value(depth: number): ReferenceValue {
    this.token(/[ \t\r\n]*/y);
    this.values += 1;
    if (this.values > this.limits.valuesMax) throw new Refused('values');
    if (this.punctuation('{')) return this.object(depth + 1);
    if (this.punctuation('[')) return this.array(depth + 1);
    const word = this.token(/true|false|null/y);
    if (word !== null) return word === 'null' ? null : word === 'true';
    const number = this.token(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y);
    if (number !== null) return this.number(number);
    return this.string();
  }

  object(depth: number): Map<string, ReferenceValue> {
    if (depth > this.limits.depthMax) throw new Refused('depth');
    const members = new Map<string, ReferenceValue>();
    if (this.punctuation('}')) return members;
    do {
      this.token(/[ \t\r\n]*/y);
      const key = this.string();
      if (members.has(key) || key === '__proto__' || key.includes('\u0000')) {
        throw new Refused('key');
      }
      if (!this.punctuation(':')) throw new Refused('colon');
      members.set(key, this.value(depth));
    } while (this.punctuation(','));
    if (!this.punctuation('}')) throw new Refused('brace');
    return members;
  }

  array(depth: number): ReferenceValue[] {
    if (depth > this.limits.depthMax) throw new Refused('depth');
    const elements: ReferenceValue[] = [];
    if (this.punctuation(']')) return elements;
    do elements.push(this.value(depth));
    while (this.punctuation(','));
    if (!this.punctuation(']')) throw new Refused('bracket');
    return elements;
  }

  string(): string {
    if (this.token(/"/y) === null) throw new Refused('value');
    let out = '';
    while (this.token(/"/y) === null) {
      const plain = this.token(/[^"\\]/y);
      if (plain !== null && plain < ' ') throw new Refused('control character');
      if (plain !== null) {
        out += plain;
        continue;
      }
      const short = this.token(/\\["\\/bfnrt]/y);
      const long = short === null ? this.token(/\\u[0-9a-fA-F]{4}/y) : null;
      if (short !== null) out += SHORT.get(short) ?? '';
      else if (long !== null) out += String.fromCharCode(Number.parseInt(long.slice(2), 16));
      else throw new Refused('string');
    }
    if (!out.isWellFormed()) throw new Refused('surrogate');
    if (out.length > this.limits.stringMax) throw new Refused('string length');
    return out;
  }

  number(lexeme: string): number {
    if (lexeme.length > this.limits.stringMax) throw new Refused('number length');
    if (!isUnsafe(lexeme)) return Number(lexeme);
    this.unsafeNumbers = true;
    return NaN;
  }
}

const SHORT: ReadonlyMap<string, string> = new Map([
  ['\\"', '"'],
  ['\\\\', '\\'],
  ['\\/', '/'],
  ['\\b', '\b'],
  ['\\f', '\f'],
  ['\\n', '\n'],
  ['\\r', '\r'],
  ['\\t', '\t'],
]);

/** By exact integers: value = mantissa × 10^power. */
function isUnsafe(lexeme: string): boolean {
  const [number = '', power = '0'] = lexeme.toLowerCase().split('e');
  const [whole = '', fraction = ''] = number.split('.');
  const digits = (whole.replace('-', '') + fraction).replace(/^0+/, '');
  if (digits === '') return false;
  if (digits.replace(/0+$/, '').length > 17) return true;
  const value = Math.abs(Number(lexeme));
  if (value === 0 || value === Infinity || value < 2.2250738585072014e-308) return true;
  if (!Number.isInteger(value)) return false;
  if (value > 9007199254740991) return true;
  const shift = BigInt(power) - BigInt(fraction.length);
  const mantissa = BigInt(digits);
  return shift >= 0n
    ? mantissa * 10n ** shift !== BigInt(value)
    : mantissa !== BigInt(value) * 10n ** -shift;
}
