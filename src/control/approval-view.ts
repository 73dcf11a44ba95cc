import { exactValues } from '../approvals/exact-json.ts';
import { givenTo, type Approval, type ApprovalState, type Vote } from '../approvals/approval.ts';
import type { Standing } from '../approvals/standing.ts';

/** A held call as it is listed: without the values of its arguments. */
export interface ApprovalView {
  readonly id: string;
  readonly decisionId: string;
  readonly state: ApprovalState;
  readonly reason: string | null;
  readonly grant: { readonly id: string; readonly label: string };
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
  readonly policy: string | null;
  readonly policyVersion: number | null;
  readonly pin: string;
  readonly argumentNames: readonly string[];
  readonly needs: readonly NeedView[];
  readonly votes: readonly Vote[];
  /** Milliseconds since the Unix epoch. */
  readonly askedMs: number;
  readonly expiresMs: number;
  readonly endedMs: number | null;
  /** How many identical calls asked, and how many of them wait on an open connection. */
  readonly asks: number;
  readonly waiting: number;
  /** The same for all calls of one grant to one tool with the same argument names. */
  readonly group: string;
}

/** One document's question. */
export interface NeedView {
  readonly rule: string;
  readonly reason: string | null;
  /** Roles and principals; empty for any approver. */
  readonly approvers: readonly string[];
  readonly quorum: number;
  readonly given: number;
}

/** Many calls of one kind, as one line. */
export interface ApprovalGroup {
  readonly group: string;
  readonly grant: { readonly id: string; readonly label: string };
  readonly server: string;
  readonly tool: string;
  readonly argumentNames: readonly string[];
  readonly count: number;
  readonly oldestMs: number;
}

/** Everything that waits, oldest first, and the same by kind. */
export interface ApprovalList {
  readonly approvals: readonly ApprovalView[];
  readonly groups: readonly ApprovalGroup[];
}

/** What will run, exactly, and what is different from the last time. */
export interface ApprovalDetail extends ApprovalView {
  /** The exact text of the arguments that the approval is bound to; null once it is forgotten. */
  readonly arguments: string | null;
  /** The same JSON value, indented, with everything that cannot be seen written as an escape. */
  readonly shown: string | null;
  /** What a reader could overlook. */
  readonly notes: readonly string[];
  /** Null when no call of this grant to this tool was approved before. */
  readonly changes: ApprovalChanges | null;
}

export interface ApprovalChanges {
  readonly sinceId: string;
  readonly sinceMs: number;
  /** Null where the earlier arguments were forgotten. */
  readonly arguments: readonly ArgumentChange[] | null;
  readonly definition: boolean;
  readonly policy: boolean;
}

export interface ArgumentChange {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly before: string | null;
  readonly after: string | null;
}

/** A standing approval as it is listed. */
export interface StandingView extends Omit<Standing, 'frame' | 'binding' | 'fixed'> {
  readonly match: 'exact' | 'named';
}

export function approvalView(approval: Approval, waiting: number): ApprovalView {
  const { grantId, grantLabel, needs, votes } = approval;
  return {
    id: approval.id,
    decisionId: approval.decisionId,
    state: approval.state,
    reason: approval.reason,
    grant: { id: grantId, label: grantLabel },
    principal: approval.principal,
    server: approval.server,
    tool: approval.tool,
    policy: approval.policy,
    policyVersion: approval.policyVersion,
    pin: approval.pin,
    argumentNames: approval.argumentNames,
    needs: needs.map((need) => ({
      rule: need.rule,
      reason: need.reason,
      approvers: need.approvers,
      quorum: need.quorum,
      given: givenTo(need, votes),
    })),
    votes,
    askedMs: approval.askedMs,
    expiresMs: approval.expiresMs,
    endedMs: approval.endedMs,
    asks: approval.asks,
    waiting,
    group: groupOf(approval),
  };
}

export function standingView(standing: Standing): StandingView {
  const { frame: _, binding, fixed: __, ...shown } = standing;
  return { ...shown, shown: visible(shown.shown), match: binding === null ? 'named' : 'exact' };
}

/** The kinds of what waits, the largest first. */
export function groupsOf(views: readonly ApprovalView[]): readonly ApprovalGroup[] {
  const groups = Map.groupBy(views, (view) => view.group);
  return [...groups]
    .map(([group, [first, ...rest]]) => ({ group, first, all: [first, ...rest] }))
    .flatMap(({ group, first, all }) => {
      if (first === undefined) return [];
      const { grant, server, tool, argumentNames } = first;
      const oldestMs = Math.min(...all.map((view) => view?.askedMs ?? Infinity));
      return [{ group, grant, server, tool, argumentNames, count: all.length, oldestMs }];
    })
    .toSorted((a, b) => b.count - a.count || a.oldestMs - b.oldestMs);
}

export function groupOf(approval: Approval): string {
  const { grantId, server, tool, argumentNames } = approval;
  return JSON.stringify([grantId, server, tool, ...argumentNames.toSorted()]);
}

/** JSON over several lines, the same value: what cannot be seen is written as escapes. */
export function shownJson(exact: string): string {
  const text = visible(exact);
  let out = '';
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const c = text[at] ?? '';
    if (c === '"') {
      const end = stringEnd(text, at);
      out += text.slice(at, end);
      at = end - 1;
    } else if ((c === '{' || c === '[') && text[at + 1] !== (c === '{' ? '}' : ']')) {
      depth += 1;
      out += `${c}\n${'  '.repeat(depth)}`;
    } else if ((c === '}' || c === ']') && text[at - 1] !== (c === '}' ? '{' : '[')) {
      depth -= 1;
      out += `\n${'  '.repeat(depth)}${c}`;
    } else if (c === ',') {
      out += `,\n${'  '.repeat(depth)}`;
    } else {
      out += c === ':' ? ': ' : c;
    }
  }
  return out;
}

/** Controls, direction marks, zero-width and other characters that show nothing, as `\\uXXXX`. */
export function visible(text: string): string {
  return text.replace(unseen, (character) =>
    Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/** Letters of scripts that have look-alikes of each other within one word. */
const mixedScripts =
  /(?=[\p{L}\p{N}]*\p{Script=Latin})(?=[\p{L}\p{N}]*[\p{Script=Cyrillic}\p{Script=Greek}])[\p{L}\p{N}]+/u;
const longString = 2_000;

export function notesOf(exact: string): readonly string[] {
  const notes: string[] = [];
  if (visible(exact) !== exact) {
    notes.push('has characters that cannot be seen; they are shown as \\uXXXX');
  }
  if (mixedScripts.test(exact)) {
    notes.push('has a word with letters of several alphabets that look alike');
  }
  if (exact.length > longString) notes.push(`is ${exact.length} characters long: read to its end`);
  return notes;
}

/** What differs between two calls' arguments, by top-level name. */
export function argumentChanges(before: string, after: string): readonly ArgumentChange[] {
  const old = exactValues(before);
  const now = exactValues(after);
  const names = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  return names.flatMap((name): readonly ArgumentChange[] => {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === is) return [];
    const change = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed';
    const shown = (text: string | undefined): string | null =>
      text === undefined ? null : visible(text);
    return [{ name, change, before: shown(was), after: shown(is) }];
  });
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
