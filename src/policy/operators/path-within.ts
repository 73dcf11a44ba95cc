import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { JsonValue } from '../../base/strict-json.ts';
import type { Outcome } from './outcome.ts';
import { readingsOf, segmentsOf } from './path-readings.ts';
import type { Reading } from './path-readings.ts';

/** Most roots in one list. */
const ROOTS_MAX = 100;

const EXPECTED = `a list of 1 to ${ROOTS_MAX} absolute directories such as \`/data\` or \`C:/data\`, without \`.\`, \`..\`, \`%\`, \`~\` or doubled separators`;

/** A root as the segments below `/` or below its drive (`c:`). */
interface Root {
  readonly drive: string | null;
  readonly segments: readonly string[];
  readonly folded: readonly string[];
}

/**
 * `path_within`: an absolute path that is one of the roots or lies below it, in whole segments
 * (`/data` does not admit `/database`), after decoding and normalising.
 *
 * The text is read in every way a server might: as written and after each of up to eight rounds of
 * percent-decoding, with `\` as a character and as a separator, with `;…` as part of a segment and
 * cut off (servlet containers read `..;/` as `../`). The verdict is the one that all
 * readings share; where they differ it is `cannot-tell`. `cannot-tell` in every reading are:
 * relative paths (what they are relative to is not known), `~`, `file:` and other schemes, UNC and
 * a doubled separator in front, a drive letter where only roots without one are listed and the
 * other way round, NUL and control or format characters, characters that Unicode folding or a code
 * page makes a separator, dot, percent sign, tilde or any ASCII, a segment that ends in a dot or a
 * space (Windows drops them), short names (`PROGRA~1`), what a shell expands (`$`, `*`, `?`, `{`,
 * a backtick, `%NAME%`), a path that matches a root only when case or Unicode form is ignored, and
 * `..` that climbs out of the root and returns.
 *
 * Limits: symbolic and hard links, mounts and bind mounts are not in the text. Roots should be
 * directories in which the agent cannot create links.
 */
export function compilePathWithin(
  operand: JsonValue,
): Result<(value: JsonValue) => Outcome, string> {
  if (!Array.isArray(operand) || operand.length === 0 || operand.length > ROOTS_MAX) {
    return err(EXPECTED);
  }
  const roots: Root[] = [];
  for (const entry of operand) {
    const root = typeof entry === 'string' ? parseRoot(entry) : null;
    if (root === null) return err(`${EXPECTED}; not one: ${JSON.stringify(entry)}`);
    roots.push(root);
  }
  return ok((value) => judgePath(value, roots));
}

function judgePath(value: JsonValue, roots: readonly Root[]): Outcome {
  if (typeof value !== 'string') return 'cannot-tell';
  const readings = readingsOf(value);
  if (readings === null) return 'cannot-tell';
  const outcomes = new Set(readings.map((reading) => judgeReading(reading, roots)));
  const [only] = outcomes;
  return outcomes.size === 1 && only !== undefined ? only : 'cannot-tell';
}

function judgeReading(reading: Reading, roots: readonly Root[]): Outcome {
  const path = normalise(reading.segments);
  const outcomes = roots.map((root) => judgeRoot(path, reading.drive, root));
  if (outcomes.includes('holds')) return 'holds';
  return outcomes.includes('cannot-tell') ? 'cannot-tell' : 'does-not-hold';
}

function judgeRoot(path: NormalPath, drive: string | null, root: Root): Outcome {
  // Without a drive a path is on the current one, which nobody here knows.
  if ((drive === null) !== (root.drive === null)) return 'cannot-tell';
  if (drive !== root.drive) return 'does-not-hold';
  if (!startsWith(path.folded, root.folded)) return 'does-not-hold';
  if (!startsWith(path.segments, root.segments)) return 'cannot-tell';
  // INVARIANT: a path that holds never left the root on its way once it was there.
  return path.lowest < root.segments.length ? 'cannot-tell' : 'holds';
}

interface NormalPath {
  readonly segments: readonly string[];
  readonly folded: readonly string[];
  /** The least depth that a `..` led to; infinite where there was none. */
  readonly lowest: number;
}

/** Drops `.` and empty segments and resolves `..`, which stays at the top when it is there. */
function normalise(raw: readonly string[]): NormalPath {
  const segments: string[] = [];
  let lowest = Infinity;
  for (const segment of raw) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') {
      segments.push(segment);
      continue;
    }
    segments.pop();
    lowest = Math.min(lowest, segments.length);
  }
  return { segments, folded: segments.map(fold), lowest };
}

/** The form under which a file system that ignores case or Unicode form finds the same entry. */
function fold(segment: string): string {
  return segment.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

function startsWith(path: readonly string[], root: readonly string[]): boolean {
  return root.length <= path.length && root.every((segment, index) => segment === path[index]);
}

function parseRoot(text: string): Root | null {
  const readings = readingsOf(text);
  // INVARIANT: a root has one reading only, so backslashes and escapes are refused here, but for
  // the backslashes of a drive path, which `readingsOf` reads as separators alone.
  const [reading] = readings ?? [];
  if (readings?.length !== 1 || reading === undefined || text.includes('%')) return null;
  const segments = segmentsOf(text).slice(1);
  if (segments.length > 1 && segments[segments.length - 1] === '') segments.pop();
  const named = segments.length === 1 && segments[0] === '' ? [] : segments;
  if (named.some((segment) => ['', '.', '..'].includes(segment) || segment.includes('~'))) {
    return null;
  }
  return { drive: reading.drive, segments: named, folded: named.map(fold) };
}
