import { hasLongMarks } from '../ambiguous-key.ts';

/** Longest path that is looked at, in UTF-16 units. */
const PATH_MAX = 65_536;

/** Most rounds of percent-decoding that are followed. */
const ROUNDS_MAX = 8;

/** One way in which a server may read a path: its drive, if any, and the raw segments below it. */
export interface Reading {
  /** Lower case with its colon, `c:`; null where the path has none. */
  readonly drive: string | null;
  readonly segments: readonly string[];
}

/**
 * Characters that some system turns into a separator, a dot, a colon or a tilde although NFKC does
 * not: slashes and backslashes of other scripts and of mathematics, the yen and won signs (which
 * are the backslash in code pages 932 and 949), swung dashes.
 */
const LOOK_ALIKES =
  /[\u2044\u2215\u2216\u29f5\u29f8\u29f9\u2571\u2572\u27cb\u27cd\u3033\u00a5\u20a9\u02dc\u2053\u223c\u223d\u2236\ua789\u0589\u05c3]/u;

/** Not printable, or not there at all for the eye: controls, formats, surrogates, line breaks. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Every way to read `text` as an absolute path, or null when one of them cannot be judged at all
 * (see `compilePathWithin` for the list). Linear in the text's length; the empty path is null.
 */
export function readingsOf(text: string): readonly Reading[] | null {
  if (text.length > PATH_MAX) return null;
  const rounds = decodeRounds(text);
  if (rounds === null) return null;
  const readings: Reading[] = [];
  for (const written of rounds.flatMap(withoutParameters)) {
    const ways = waysToRead(written);
    if (ways === null) return null;
    readings.push(...ways);
  }
  return readings;
}

/** `text`, and what is left of it for servers that cut `;…` off each segment: `..;x` is `..` there. */
function withoutParameters(text: string): readonly string[] {
  return text.includes(';') ? [text, text.replaceAll(/;[^/\\]*/g, '')] : [text];
}

/** The segments between separators, both kinds; the first is what stands before the first one. */
export function segmentsOf(text: string): string[] {
  return text.split(/[/\\]/);
}

/** `text` and what each further round of percent-decoding makes of it, or null past the bound. */
function decodeRounds(text: string): readonly string[] | null {
  const rounds = [text];
  let current = text;
  while (current.includes('%')) {
    if (isAmbiguousEscape(current)) return null;
    const decoded = percentDecode(current);
    if (decoded === null) return null;
    if (decoded === current) return rounds;
    if (rounds.length > ROUNDS_MAX) return null;
    rounds.push(decoded);
    current = decoded;
  }
  return rounds;
}

/** `%u002e` (IIS) and two percent signs that are no escapes (`%APPDATA%`) are read in other ways. */
function isAmbiguousEscape(text: string): boolean {
  if (/%u[0-9a-f]{4}/i.test(text)) return true;
  return (text.match(/%(?![0-9a-f]{2})/gi) ?? []).length > 1;
}

/** Decodes each `%XX`; other percent signs stay. Null when the bytes are not UTF-8 (`%c0%af`). */
function percentDecode(text: string): string | null {
  let failed = false;
  const decoded = text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    const bytes = escapes
      .slice(1)
      .split('%')
      .map((pair) => Number.parseInt(pair, 16));
    const piece = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
    // A real U+FFFD is refused with the malformed: it means that bytes were lost before.
    failed ||= piece.includes('\ufffd');
    return piece;
  });
  return failed ? null : decoded;
}

function waysToRead(text: string): readonly Reading[] | null {
  if (isUnclear(text)) return null;
  const drive = /^([a-z]:)[/\\]/i.exec(text)?.[1] ?? null;
  const isRooted = drive !== null || text.startsWith('/');
  // Two separators in front are UNC, or implementation-defined (POSIX §4.13).
  if (!isRooted || /^[/\\]{2}/.test(text)) return null;

  const below = text.slice(drive === null ? 1 : drive.length + 1);
  const asSeparator = toReading(drive, segmentsOf(below));
  if (asSeparator === null) return null;
  if (drive !== null || !below.includes('\\')) return [asSeparator];
  const asCharacter = toReading(null, below.split('/'));
  return asCharacter === null ? null : [asCharacter, asSeparator];
}

/** Whether something in the text as a whole is read in more ways than are followed here. */
function isUnclear(text: string): boolean {
  if (UNSEEN.test(text) || LOOK_ALIKES.test(text)) return true;
  // What a shell, a glob or a template would expand.
  if (/[$*?{}`]/.test(text)) return true;
  return /[^\0-\x7f]/.test(text) && (foldsIntoAscii(text) || hasLongMarks(text));
}

/** Whether compatibility folding makes ASCII of a character that was not: `／`, `．．`, `ａ`, `K`. */
function foldsIntoAscii(text: string): boolean {
  for (const character of text.match(/[^\0-\x7f]/gu) ?? []) {
    if (/[\0-\x7f]/.test(character.normalize('NFKC'))) return true;
  }
  return false;
}

function toReading(drive: string | null, segments: readonly string[]): Reading | null {
  if (segments.some(isUnclearSegment)) return null;
  // `/c:/x` is a path on a drive for whoever takes it out of a URL.
  if (/^[a-z][:|]/i.test(segments[0] ?? '')) return null;
  return { drive: drive?.toLowerCase() ?? null, segments };
}

/** Whether Windows, a shell or a form decoder finds another entry under this name. */
function isUnclearSegment(segment: string): boolean {
  if (segment === '' || segment === '.' || segment === '..') return false;
  // Dropped by Windows, or by whoever trims; `+` is a space to form decoders.
  if (/[. ]$/.test(segment) || /^ +\.*$/.test(segment) || /^[.+ ]+$/.test(segment)) return true;
  if (/^ *\.\.?$/.test(segment)) return true;
  return segment.startsWith('~') || /~\d/.test(segment);
}
