import { scopes, type Scope } from '../policy/index.ts';

/** What tells one counter from another. */
export interface CounterName {
  /** The server's name: no part of a guardrail's counter, which spans servers. */
  readonly server: string;
  readonly scope: Scope;
  /** The grant, session, principal or server that is counted; empty for `everyone`. */
  readonly who: string;
  readonly counter: string;
  /** The guardrail that limits, or null for a policy. */
  readonly guardrail: string | null;
  /** Counted apart: what `observe` counts never touches the counters of enforcing grants. */
  readonly observe: boolean;
}

/** A counter as its key tells it: guardrails' counters do not say whose document they stand in. */
export interface HeldCounter extends Omit<CounterName, 'guardrail'> {
  readonly isGuardrail: boolean;
}

/**
 * The key of a counter in every store. Each part stands behind its length in UTF-16 units, so that
 * no two different names give one key: `a` + `b:c` is not `a:b` + `c`.
 */
export function counterKey(name: CounterName): string {
  const slot = slotOf(name);
  const known = recent[slot];
  if (known !== undefined && isSame(known.name, name)) return known.key;
  const key = writeKey(name);
  recent[slot] = { name, key };
  return key;
}

/**
 * Keys that were made last: a store finds a text that it saw before without reading it again, and
 * calls of one grant need the same few. What stands in the way of another key makes room for it.
 */
const slots = 1_024;
const recent: ({ readonly name: CounterName; readonly key: string } | undefined)[] = Array.from({
  length: slots,
});

function slotOf({ server, who, counter }: CounterName): number {
  const ends = Math.imul(lastUnit(who, 1), 31) + lastUnit(who, 2);
  const mixed = Math.imul(ends, 31) + lastUnit(counter, 1) + counter.length + lastUnit(server, 1);
  return (mixed >>> 0) % slots;
}

function lastUnit(text: string, fromEnd: number): number {
  return text.length < fromEnd ? 0 : text.charCodeAt(text.length - fromEnd);
}

function isSame(a: CounterName, b: CounterName): boolean {
  return (
    a.who === b.who &&
    a.counter === b.counter &&
    a.server === b.server &&
    a.scope === b.scope &&
    a.guardrail === b.guardrail &&
    a.observe === b.observe
  );
}

function writeKey(name: CounterName): string {
  const { scope, who, counter } = name;
  const mode = name.observe ? '7:observe' : '7:enforce';
  const owner = name.guardrail === null ? `6:policy${sized(name.server)}` : '9:guardrail';
  return `${mode}${owner}${sized(scope)}${sized(who)}${sized(counter)}`;
}

const labelPrefix = '6:labels';

/** The labels of a principal; those that `observe` sets are kept apart. */
export function labelOwner(principalId: string, observe: boolean): string {
  return `${labelPrefix}${observe ? '7:observe' : '7:enforce'}${sized(principalId)}`;
}

/** The key under which a record keeps that a call set a label. It is no counter's key. */
export function labelKey(owner: string, label: string): string {
  return `${owner}${sized(label)}`;
}

/** Whether a key is a label's, not a counter's. */
export function isLabelKey(key: string): boolean {
  return key.startsWith(labelPrefix);
}

/** What a label's key was made of; null for a counter's key, or for none. */
export function labelOfKey(key: string): { readonly owner: string; readonly label: string } | null {
  if (!isLabelKey(key)) return null;
  const mode = key.slice(labelPrefix.length, labelPrefix.length + 9);
  if (mode !== '7:observe' && mode !== '7:enforce') return null;
  const ownerEnd = endOfSized(key, labelPrefix.length + mode.length);
  if (ownerEnd === null) return null;
  const labelEnd = endOfSized(key, ownerEnd);
  if (labelEnd !== key.length) return null;
  return { owner: key.slice(0, ownerEnd), label: key.slice(key.indexOf(':', ownerEnd) + 1) };
}

/** What a counter's key was made of; null for a label's key, or for none. */
export function counterOfKey(key: string): HeldCounter | null {
  const [mode, owner, ...rest] = partsOf(key) ?? [];
  if (mode !== 'observe' && mode !== 'enforce') return null;
  if (owner !== 'policy' && owner !== 'guardrail') return null;
  const isGuardrail = owner === 'guardrail';
  const [server, scopeName, who, counter, spare] = isGuardrail ? ['', ...rest] : rest;
  const scope = scopes.find((one) => one === scopeName);
  if (server === undefined || scope === undefined || who === undefined) return null;
  if (counter === undefined || spare !== undefined) return null;
  return { server, scope, who, counter, isGuardrail, observe: mode === 'observe' };
}

/** The sized parts that a key consists of, or null. */
function partsOf(key: string): readonly string[] | null {
  const parts: string[] = [];
  for (let at = 0; at < key.length;) {
    const end = endOfSized(key, at);
    if (end === null) return null;
    parts.push(key.slice(key.indexOf(':', at) + 1, end));
    at = end;
  }
  return parts;
}

/** Where the sized part that begins at `start` ends, or null. */
function endOfSized(key: string, start: number): number | null {
  const length = /^\d{1,6}(?=:)/.exec(key.slice(start, start + 7))?.[0];
  if (length === undefined) return null;
  const end = start + length.length + 1 + Number(length);
  return end <= key.length ? end : null;
}

function sized(part: string): string {
  return `${part.length}:${part}`;
}
