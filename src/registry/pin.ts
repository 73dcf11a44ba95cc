import { canonicalJson } from '../base/canonical-json.ts';
import { err, ok, type Result } from '../base/result.ts';
import { membersAt, scanJson, type JsonLimits, type JsonText } from '../base/strict-json.ts';
import type { Category, Risk } from '../policy/index.ts';
import { withOverride } from './override.ts';
import type { PinRow } from './registry-store.ts';

/** One tool of a list that was just read from a server. */
export interface SeenTool {
  readonly name: string;
  /** The whole definition, JSON text. */
  readonly definition: string;
  /** SHA-256 of the canonical definition, hexadecimal. */
  readonly digest: string;
  readonly category: Category;
  readonly risk: Risk;
}

/** What is known of a server's tools, and what it lists now. */
export interface PinQuestion {
  readonly server: string;
  /** Every row of the server; none at all means that this is its first list. */
  readonly previous: readonly PinRow[];
  readonly seen: readonly SeenTool[];
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Whether it is a first list, to be accepted as it is; told from `previous` when absent. */
  readonly isFirst?: boolean;
  /** The name stands for another server than the one that was reviewed: nothing of it counts. */
  readonly moved?: boolean;
}

/** What follows from a list. */
export interface Pinning {
  /** Every row of the server from now on. */
  readonly rows: readonly PinRow[];
  /** Those of them that differ from before: what must be saved. */
  readonly changed: readonly PinRow[];
  /** Names of rows that the server does not list any more. They stay, for when it does again. */
  readonly gone: readonly string[];
}

/** The list as a whole is unusable: more tools, or more of them in all, than are kept. */
export interface PinProblem {
  readonly code: 'too-many-tools';
  readonly count: number;
  readonly max: number;
}

/** Tools in one list. */
export const toolsMax = 2_000;
/** Rows of one server: tools that it lists and tools that it listed once. */
const rowsMax = 2 * toolsMax;
/** Bytes of one definition. */
export const definitionBytesMax = 65_536;

const namePattern = /^[A-Za-z0-9_./-]{1,128}$/;

/**
 * Compares a list with what was reviewed. The first list of a server is accepted as it is: the
 * operator named the server. From then on a tool that is new, or whose definition changed, is
 * quarantined until a person has seen it; one that returns to its reviewed definition is pinned
 * again.
 */
export function pinTools(question: PinQuestion): Result<Pinning, PinProblem> {
  const { previous, seen, moved = false } = question;
  const isFirst = question.isFirst ?? previous.length === 0;
  if (seen.length > toolsMax) {
    return err({ code: 'too-many-tools', count: seen.length, max: toolsMax });
  }
  const before = new Map(previous.map((row) => [row.tool, row]));
  const start = moved ? new Map(previous.map((row) => [row.tool, unreviewed(row)])) : before;
  const rows = new Map(start);
  const flaws = flawsOf(seen);
  for (const tool of seen) {
    const first = rows.get(tool.name) !== start.get(tool.name);
    if (first) continue;
    const row = seenRow(question, tool, start.get(tool.name));
    rows.set(tool.name, judged(row, flaws.get(tool.name) ?? null, { isFirst, moved }));
  }
  if (rows.size > rowsMax) return err({ code: 'too-many-tools', count: rows.size, max: rowsMax });

  const listed = new Set(seen.map((tool) => tool.name));
  return ok({
    rows: [...rows.values()],
    changed: [...rows.values()].filter((row) => !sameRow(row, before.get(row.tool))),
    gone: previous.map((row) => row.tool).filter((name) => !listed.has(name)),
  });
}

/** The row after a person has seen its definition and accepted it, as what they say it is. */
export function acceptPin(row: PinRow, category: Category, risk: Risk): PinRow {
  const { digest, definition } = row;
  const reviewed = { digest, definition, category, risk };
  return { ...row, category, risk, state: 'pinned', reason: null, reviewed };
}

/** Quarantined rows as accepted, by their digests: what changed since a person saw it is left out. */
export function acceptedPins(
  rows: readonly PinRow[],
  digests: ReadonlyMap<string, string>,
): readonly PinRow[] {
  return rows
    .filter((row) => row.state === 'quarantined' && digests.get(row.tool) === row.digest)
    .map((row) => acceptPin(row, row.category, row.risk));
}

/** What is wrong with a tool beside being new. `always`: nobody can accept it as it is. */
interface Flaw {
  readonly reason: string;
  readonly always: boolean;
}

/** The row of a tool as it was seen now, not judged yet. */
function seenRow(question: PinQuestion, tool: SeenTool, before: PinRow | undefined): PinRow {
  const known = before?.digest === tool.digest ? before : null;
  const tooLong = Buffer.byteLength(tool.definition) > definitionBytesMax;
  return {
    server: question.server,
    tool: tool.name,
    digest: tool.digest,
    definition: known?.definition ?? (tooLong ? '{}' : tool.definition),
    category: tool.category,
    risk: tool.risk,
    state: 'quarantined',
    reason: null,
    seenMs: known?.seenMs ?? question.nowMs,
    reviewed: before?.reviewed ?? null,
    ...(before?.override === undefined ? {} : { override: before.override }),
  };
}

function unreviewed(row: PinRow): PinRow {
  const nobodySaid = withOverride(row, null);
  return { ...nobodySaid, state: 'quarantined', reason: movedReason, reviewed: null };
}

const movedReason = 'the name stands for another server than the one that was reviewed';

function judged(
  row: PinRow,
  flaw: Flaw | null,
  { isFirst, moved }: { readonly isFirst: boolean; readonly moved: boolean },
): PinRow {
  const { reviewed } = row;
  if (flaw?.always === true) return { ...row, reason: flaw.reason };
  if (reviewed?.digest === row.digest) return acceptPin(row, reviewed.category, reviewed.risk);
  if (flaw !== null) return { ...row, reason: flaw.reason };
  if (moved) return { ...row, reason: movedReason };
  if (isFirst) return acceptPin(row, row.category, row.risk);
  if (reviewed === null) return { ...row, reason: 'new tool' };
  return { ...row, reason: `definition changed: ${changes(reviewed.definition, row.definition)}` };
}

/** Name -> its flaw, for the tools of a list that have one. */
function flawsOf(seen: readonly SeenTool[]): ReadonlyMap<string, Flaw> {
  const flaws = new Map<string, Flaw>();
  const names = new Set<string>();
  const twins = Map.groupBy(new Set(seen.map((tool) => tool.name)), likeness);
  for (const tool of seen) {
    const flaw = flawOf(tool, names, twins.get(likeness(tool.name)) ?? []);
    names.add(tool.name);
    if (flaw !== null && flaws.get(tool.name)?.always !== true) flaws.set(tool.name, flaw);
  }
  return flaws;
}

function flawOf(
  tool: SeenTool,
  before: ReadonlySet<string>,
  twins: readonly string[],
): Flaw | null {
  if (before.has(tool.name)) return { reason: 'the list names this tool twice', always: true };
  if (Buffer.byteLength(tool.definition) > definitionBytesMax) {
    return { reason: `the definition is longer than ${definitionBytesMax} bytes`, always: true };
  }
  if (!namePattern.test(tool.name)) {
    return { reason: 'the name has characters other than A-Z a-z 0-9 _ . / -', always: false };
  }
  const twin = twins.find((name) => name !== tool.name);
  if (twin === undefined) return null;
  return { reason: `the name can be taken for \`${visible(twin)}\``, always: false };
}

/** A name with everything but plain ASCII as code points, so that twins look different. */
function visible(name: string): string {
  return name.replace(/[^!-~]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * Names that a reader, or a lenient server, may take for one another have the same likeness: by case
 * and compatibility form, and by what looks alike in ASCII (`rn` and `m`; `I`, `l` and `1`; `O` and
 * `0`; `-` and `_`).
 */
function likeness(name: string): string {
  const folded = name.normalize('NFKC').toLowerCase().normalize('NFKC');
  return folded
    .replaceAll('rn', 'm')
    .replaceAll(/[i1]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('-', '_');
}

/** The members of two definitions that differ, in the order of their names. */
function changes(before: string, after: string): string {
  const old = membersOf(before);
  const now = membersOf(after);
  if (old === null || now === null) return 'not to be told';
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort();
  return keys.filter((key) => old.get(key) !== now.get(key)).join(', ');
}

const definitionLimits: JsonLimits = {
  bytesMax: definitionBytesMax,
  depthMax: 64,
  valuesMax: definitionBytesMax,
  stringMax: definitionBytesMax,
};

/** Scans a definition that is kept as text; null when it is no object that passes the scan. */
export function scanDefinition(definition: string): JsonText | null {
  const scanned = scanJson(new TextEncoder().encode(definition), definitionLimits);
  if (!scanned.ok || scanned.value.text.charAt(scanned.value.start) !== '{') return null;
  return scanned.value;
}

function membersOf(definition: string): ReadonlyMap<string, string> | null {
  const text = scanDefinition(definition);
  if (text === null) return null;
  return new Map(
    membersAt(text.text, text.start).map((member) => [
      member.key,
      canonicalJson(text, member.valueStart, member.valueEnd),
    ]),
  );
}

function sameRow(row: PinRow, before: PinRow | undefined): boolean {
  return (
    before !== undefined &&
    row.digest === before.digest &&
    row.definition === before.definition &&
    row.category === before.category &&
    row.risk === before.risk &&
    row.state === before.state &&
    row.reason === before.reason &&
    row.reviewed?.digest === before.reviewed?.digest &&
    row.override === before.override
  );
}
