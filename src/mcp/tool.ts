import { assert } from '../base/assert.ts';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import {
  applyEdits,
  elementsAt,
  membersAt,
  parseScanned,
  stringValueOf,
} from '../base/strict-json.ts';
import type {
  Edit,
  Element,
  JsonObject,
  JsonText,
  JsonValue,
  Member,
} from '../base/strict-json.ts';
import type { Span } from './message.ts';
import { isLookAlike, resultKeys, rootKeys, toolKeys } from './protocol-key.ts';

/** One entry of `result.tools`, in its place in the text of the answer. */
export interface ToolEntry {
  readonly name: string;
  /** The name is one that `isToolName` admits; others are not to be offered. */
  readonly wellNamed: boolean;
  /** The whole definition. */
  readonly span: Span;
  /** The value of its `name` member, quotes included. */
  readonly nameSpan: Span;
}

/** A `tools/list` answer, read in its place. */
export interface ToolList {
  readonly text: JsonText;
  readonly resultSpan: Span;
  readonly toolsSpan: Span;
  readonly tools: readonly ToolEntry[];
  /** Names that more than one entry bears: which of them a client would take is not known. */
  readonly duplicated: ReadonlySet<string>;
  /** The opaque cursor; "" is a cursor, null is none. */
  readonly nextCursor: string | null;
  readonly ttlMsSpan: Span | null;
  readonly cacheScopeSpan: Span | null;
}

export type ToolListProblem =
  | 'not-a-result'
  | 'member-variant'
  | 'tools-missing'
  | 'tool-invalid'
  | 'too-many-tools'
  | 'next-cursor-invalid';

/** What becomes of a tool: false removes it, a string renames it, true keeps it. */
export type ToolChoice = boolean | string;

/** How a list is to be changed. */
export interface ToolListEdit {
  readonly choose: (tool: ToolEntry) => ToolChoice;
  /** Makes the answer private and caps its `ttlMs` (2026-07-28, caching); null leaves both. */
  readonly cacheTtlMsMax: number | null;
}

/** Tools in one answer: more take longer to read than anyone who waits behind them should wait. */
const LISTED_MAX = 2_000;

/** Reads the answer to `tools/list`, or a later page of it, without judging the definitions. */
export function readToolList(text: JsonText): Result<ToolList, ToolListProblem> {
  if (text.text.charAt(text.start) !== '{') return err('not-a-result');
  const root = membersAt(text.text, text.start);
  const result = find(root, 'result');
  if (root.some((member) => isLookAlike(member.key, rootKeys))) return err('member-variant');
  if (result === null || text.text.charAt(result.valueStart) !== '{') return err('not-a-result');

  const members = membersAt(text.text, result.valueStart);
  if (members.some((member) => isLookAlike(member.key, resultKeys))) return err('member-variant');
  const tools = find(members, 'tools');
  if (tools === null || text.text.charAt(tools.valueStart) !== '[') return err('tools-missing');
  const cursor = find(members, 'nextCursor');
  const nextCursor = cursor === null ? null : stringAt(text, cursor);
  // Some servers write `null` for the last page.
  if (cursor !== null && nextCursor === null && valueText(text, cursor) !== 'null') {
    return err('next-cursor-invalid');
  }
  const elements = elementsAt(text.text, tools.valueStart);
  if (elements.length > LISTED_MAX) return err('too-many-tools');
  const entries = elements.map((element) => readTool(text, element));
  const whole = entries.filter((entry) => entry !== null);
  if (whole.length < entries.length) return err('tool-invalid');
  return ok({
    text,
    resultSpan: spanOf(result),
    toolsSpan: spanOf(tools),
    tools: whole,
    duplicated: duplicatedNames(whole),
    nextCursor,
    ttlMsSpan: spanOrNull(find(members, 'ttlMs')),
    cacheScopeSpan: spanOrNull(find(members, 'cacheScope')),
  });
}

/**
 * The answer's bytes with tools removed and renamed in their places; order and everything else stay
 * byte for byte. Only where a tool is removed, what is no part of a list by the standard goes with
 * it: a server could repeat the hidden tool in a member of its own, beside `tools` or in `_meta`.
 */
export function editToolList(list: ToolList, edit: ToolListEdit): Uint8Array {
  const choices = list.tools.map((tool) => edit.choose(tool));
  const edits = toolEdits(list, choices);
  if (edit.cacheTtlMsMax !== null) edits.push(...cacheEdits(list, edit.cacheTtlMsMax));
  if (choices.includes(false)) edits.push(...unknownEdits(list));
  return edits.length === 0 ? list.text.bytes : applyEdits(list.text.text, edits);
}

/** The value of a tool's whole definition. */
export function definitionOf(list: ToolList, tool: ToolEntry): JsonObject {
  const definition = parseScanned(list.text, tool.span.start, tool.span.end);
  assert(isObject(definition), 'an entry of the list is an object');
  return definition;
}

/** Whether a name is one that MCP admits (2025-11-25, tools: names), compared exactly. */
export function isToolName(name: string): boolean {
  return /^[A-Za-z0-9_./-]{1,128}$/.test(name);
}

/** Longest name that every known client takes. */
const AGGREGATED_MAX = 64;
const SUFFIX_HEX = 12;

/**
 * The name of a server's tool among the tools of several servers: `server__tool` where that is
 * unambiguous and within `^[a-zA-Z0-9_-]{1,64}$`, else a readable part and a hash of both names.
 * The same pair has always the same name; distinct pairs have distinct names but for hash
 * collisions, which the caller's reverse map must refuse.
 */
export function aggregatedName(
  server: string,
  tool: string,
  sha256Hex: (text: string) => string,
): string {
  const name = `${server}__${tool}`;
  // The first `__` must be the joint, and no plain name may look like one with a hash.
  const plain =
    /^[a-zA-Z0-9_-]+$/.test(name) &&
    name.length <= AGGREGATED_MAX &&
    name.indexOf('__') === server.length &&
    server !== '' &&
    tool !== '' &&
    !HASHED.test(name);
  if (plain) return name;
  const hash = sha256Hex(JSON.stringify([server, tool])).slice(0, SUFFIX_HEX);
  const readable = name.replaceAll(/[^a-zA-Z0-9_-]/g, '_');
  return `${readable.slice(0, AGGREGATED_MAX - SUFFIX_HEX - 1)}_${hash}`;
}

const HASHED = /_[0-9a-f]{12}$/;

function readTool(text: JsonText, element: Element): ToolEntry | null {
  if (text.text.charAt(element.start) !== '{') return null;
  const members = membersAt(text.text, element.start);
  if (members.some((member) => isLookAlike(member.key, toolKeys))) {
    return null;
  }
  const member = find(members, 'name');
  const name = member === null ? null : stringAt(text, member);
  if (member === null || name === null) return null;
  const span = { start: element.start, end: element.end };
  return { name, wellNamed: isToolName(name), span, nameSpan: spanOf(member) };
}

function duplicatedNames(tools: readonly ToolEntry[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { name } of tools) (seen.has(name) ? twice : seen).add(name);
  return twice;
}

function toolEdits(list: ToolList, choices: readonly ToolChoice[]): Edit[] {
  const spans = list.tools.map((tool) => tool.span);
  const edits = removals(spans, (n) => choices[n] !== false);
  for (const [n, tool] of list.tools.entries()) {
    const choice = choices[n];
    if (typeof choice === 'string' && choice !== tool.name) {
      edits.push({ ...tool.nameSpan, text: JSON.stringify(choice) });
    }
  }
  return edits;
}

/** Edits that take parts out of a list with commas between them, each with one comma. */
function removals(parts: readonly Span[], keep: (n: number) => boolean): Edit[] {
  const edits: Edit[] = [];
  let kept: Span | null = null;
  for (const [n, part] of parts.entries()) {
    if (keep(n)) {
      kept = part;
      continue;
    }
    // Behind a kept part the comma before goes, else the comma after.
    const start = kept === null ? part.start : (parts[n - 1] ?? part).end;
    const end = kept === null ? (parts[n + 1]?.start ?? part.end) : part.end;
    edits.push({ start, end, text: '' });
  }
  return edits;
}

function cacheEdits(list: ToolList, ttlMsMax: number): Edit[] {
  const { text, ttlMsSpan, cacheScopeSpan, resultSpan } = list;
  const edits: Edit[] = [];
  // The result is not empty, it has `tools`: what is put first is followed by a comma.
  const first = resultSpan.start + 1;
  if (cacheScopeSpan === null) edits.push(insertion(first, '"cacheScope":"private",'));
  else edits.push({ ...cacheScopeSpan, text: '"private"' });
  if (ttlMsSpan === null) {
    edits.push(insertion(first, '"ttlMs":0,'));
    return edits;
  }
  const ttlMs = Number(text.text.slice(ttlMsSpan.start, ttlMsSpan.end));
  const capped = ttlMs >= 0 ? Math.min(ttlMs, ttlMsMax) : 0;
  if (capped !== ttlMs) edits.push({ ...ttlMsSpan, text: String(capped) });
  return edits;
}

function insertion(at: number, text: string): Edit {
  return { start: at, end: at, text };
}

const LIST_ROOT_KEYS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'result']);
const LIST_KEYS: ReadonlySet<string> = new Set([
  'tools',
  'nextCursor',
  'ttlMs',
  'cacheScope',
  'resultType',
  '_meta',
]);

function unknownEdits(list: ToolList): Edit[] {
  const { text } = list;
  const root = membersAt(text.text, text.start);
  const members = membersAt(text.text, list.resultSpan.start);
  const meta = find(members, '_meta');
  const edits = [
    ...memberRemovals(root, (key) => LIST_ROOT_KEYS.has(key)),
    ...memberRemovals(members, (key) => LIST_KEYS.has(key)),
  ];
  if (meta !== null && text.text.charAt(meta.valueStart) === '{') {
    const inMeta = membersAt(text.text, meta.valueStart);
    edits.push(...memberRemovals(inMeta, (key) => key.startsWith('io.modelcontextprotocol/')));
  }
  return edits;
}

function memberRemovals(members: readonly Member[], keep: (key: string) => boolean): Edit[] {
  const spans = members.map((member) => ({ start: member.keyStart, end: member.valueEnd }));
  return removals(spans, (n) => keep(members[n]?.key ?? ''));
}

function find(members: readonly Member[], key: string): Member | null {
  return members.find((member) => member.key === key) ?? null;
}

function valueText(text: JsonText, member: Member): string {
  return text.text.slice(member.valueStart, member.valueEnd);
}

function stringAt(text: JsonText, member: Member): string | null {
  return stringValueOf(valueText(text, member));
}

function spanOf(member: Member): Span {
  return { start: member.valueStart, end: member.valueEnd };
}

function spanOrNull(member: Member | null): Span | null {
  return member === null ? null : spanOf(member);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
