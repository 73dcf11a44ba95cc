/**
 * The exact value of a JSON number: ±0.DIGITS × 10^pointAt, with no zero at either end of `digits`.
 * Zero of any sign has no digits. `pointAt` is a bigint only where a double could not hold it.
 */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly pointAt: number | bigint;
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Reads a lexeme that the grammar of RFC 8259 section 6 admits; null for any other text. */
export function decimalOf(lexeme: string): Decimal | null {
  const match = NUMBER.exec(lexeme);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const all = whole + fraction;
  const first = firstNonZero(all);
  if (first === all.length) return { negative: false, digits: '', pointAt: 0 };

  const digits = all.slice(first, endOfNonZero(all));
  const shift = whole.length - first;
  // 15 digits of exponent and any string's length add up exactly in a double.
  const pointAt =
    exponent.length <= 15 ? Number(exponent) + shift : BigInt(exponent) + BigInt(shift);
  return { negative: sign === '-', digits, pointAt: smallest(pointAt) };
}

/** One spelling for every spelling of one exact value; ECMAScript's own for what a double holds. */
export function canonicalNumber(lexeme: string): string {
  if (isShortInteger(lexeme)) return lexeme;
  const decimal = decimalOf(lexeme);
  if (decimal === null) return lexeme;
  const { negative, digits, pointAt } = decimal;
  if (digits === '') return '0';
  return (negative ? '-' : '') + layOut(digits, pointAt);
}

/** The common case, which is canonical as it stands. */
function isShortInteger(lexeme: string): boolean {
  if (lexeme.length > 15) return false;
  for (let at = 0; at < lexeme.length; at += 1) {
    const c = lexeme.charCodeAt(at);
    if (c < 0x30 || c > 0x39) return false;
  }
  return true;
}

/**
 * Whether a comparison in doubles could differ from one in exact arithmetic: integers beyond
 * ±(2^53−1), what overflows or underflows, more than 17 significant digits, and fractions that
 * rounding swallowed. The lexeme is a JSON number.
 */
export function isUnsafeNumber(lexeme: string): boolean {
  const decimal = decimalOf(lexeme);
  if (decimal === null) return true;
  const { digits, pointAt } = decimal;
  if (digits === '') return false;
  if (digits.length > 17) return true;

  const value = Math.abs(Number(lexeme));
  if (!Number.isFinite(value) || value < SMALLEST_NORMAL) return true;
  if (!Number.isInteger(value)) return false;
  return !Number.isSafeInteger(value) || pointAt < digits.length;
}

/** Below this a double has fewer than 15 exact decimal digits. */
const SMALLEST_NORMAL = 2 ** -1022;

/** The layout of Number::toString (ECMA-262 section 6.1.6.1.20), for any number of digits. */
function layOut(digits: string, pointAt: number | bigint): string {
  const count = digits.length;
  if (typeof pointAt === 'number' && pointAt <= 21 && pointAt > -6) {
    if (pointAt >= count) return digits + '0'.repeat(pointAt - count);
    if (pointAt > 0) return `${digits.slice(0, pointAt)}.${digits.slice(pointAt)}`;
    return `0.${'0'.repeat(-pointAt)}${digits}`;
  }
  const mantissa = count === 1 ? digits : `${digits.slice(0, 1)}.${digits.slice(1)}`;
  const exponent = typeof pointAt === 'number' ? pointAt - 1 : pointAt - 1n;
  return `${mantissa}e${exponent < 0 ? '' : '+'}${exponent}`;
}

function smallest(value: number | bigint): number | bigint {
  if (typeof value === 'number') return value;
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
}

function firstNonZero(digits: string): number {
  let at = 0;
  while (at < digits.length && digits.charCodeAt(at) === 0x30) at += 1;
  return at;
}

function endOfNonZero(digits: string): number {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end -= 1;
  return end;
}
