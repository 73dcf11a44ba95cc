import { rateCounter } from '../../classify/recommend.ts';
import type { JsonObject, JsonValue } from '../../base/strict-json.ts';
import { pointerToken } from '../../policy/problem.ts';
import { knownArguments, type RecordedCall } from './traffic.ts';

/** One line of a suggested policy, and the records that it came from. */
export interface Reason {
  /** JSON Pointer into the policy. */
  readonly pointer: string;
  readonly says: string;
  /** How many records say so. */
  readonly count: number;
  /** Sequence numbers of the first and the last of them. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Decision ids of some of them, for `portcullis audit show`. */
  readonly ids: readonly string[];
}

/** A policy in the form that people write, and why each of its lines is there. */
export interface Suggestion {
  readonly document: JsonObject;
  readonly reasons: readonly Reason[];
}

/** What a suggestion is made with. */
export interface SuggestOptions {
  readonly server: string;
  /** At least 1: limits are the observed peak times this, rounded up. */
  readonly margin: number;
}

const windowMs = 60_000;
const idsMax = 20;

/**
 * The narrowest policy of this form that admits the forwarded calls of a log: the tools that were
 * used, the argument names that were seen where every record keeps all of them, and a limit for
 * each tool a little above its busiest minute of one grant.
 */
export function suggestPolicy(
  calls: readonly RecordedCall[],
  { server, margin }: SuggestOptions,
): Suggestion {
  const forwarded = calls.filter(({ record }) => record.kind === 'intent');
  const byTool = Map.groupBy(forwarded, ({ record }) => record.tool);
  const names = [...byTool.keys()].filter((name) => name !== '__proto__').toSorted();
  const reasons: Reason[] = [];
  const rules = names.map((name): [string, JsonValue] => {
    const { rule, why } = ruleOf(name, byTool.get(name) ?? [], margin);
    reasons.push(...why);
    return [name, rule];
  });
  const description =
    `Suggested from ${counted(forwarded.length, 'recorded call')} of ${server}` +
    `${forwarded.length === 0 ? '' : ` (records ${spanOf(forwarded)})`}: ` +
    `the ${rules.length === 1 ? 'tool that was' : `${rules.length} tools that were`} used, with the argument names that were seen, limited to ${margin} times the ` +
    'busiest minute of a grant. Values are not on record: add rules on them by hand.';
  const tools = Object.fromEntries(rules);
  return { document: { version: '1', description, default: 'deny', tools }, reasons };
}

function spanOf(calls: readonly RecordedCall[]): string {
  return `${calls[0]?.seq} to ${calls.at(-1)?.seq}`;
}

function ruleOf(
  name: string,
  calls: readonly RecordedCall[],
  margin: number,
): { readonly rule: JsonObject; readonly why: readonly Reason[] } {
  const base = `/tools/${pointerToken(name)}`;
  const why = [reason(base, `\`${name}\` was called`, calls)];
  const rule: Record<string, JsonValue> = {};
  const known = calls.map(({ record }) => knownArguments(record));
  if (known.every(({ complete }) => complete)) {
    const seen = [...new Set(known.flatMap(({ keys }) => [...keys]))].toSorted();
    const properties = Object.fromEntries(seen.map((key) => [key, {}]));
    rule['arguments'] = { type: 'object', properties, additionalProperties: false };
    const says = seen.length === 0 ? 'no argument was sent' : `arguments ${seen.join(', ')}`;
    why.push(reason(`${base}/arguments`, `${says}, and no others`, calls));
    for (const key of seen) {
      const with_ = calls.filter(({ record }) => record.argumentKeys.includes(key));
      const pointer = `${base}/arguments/properties/${pointerToken(key)}`;
      why.push(
        reason(pointer, `\`${key}\` in ${with_.length} of ${counted(calls.length, 'call')}`, with_),
      );
    }
  }
  const peak = busiestMinute(calls);
  const max = Math.max(1, Math.ceil(peak.length * margin));
  const counter = rateCounter(name);
  rule['limits'] = [{ counter, window: 'minute', max, scope: 'grant' }];
  const says = `${counted(peak.length, 'call')} in the busiest minute of a grant, times ${margin}: ${max}`;
  why.push(reason(`${base}/limits/0`, says, peak));
  return { rule, why };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function reason(pointer: string, says: string, calls: readonly RecordedCall[]): Reason {
  const seqs = calls.map(({ seq }) => seq);
  return {
    pointer,
    says,
    count: calls.length,
    firstSeq: Math.min(...seqs),
    lastSeq: Math.max(...seqs),
    ids: calls.slice(0, idsMax).map(({ record }) => record.id),
  };
}

/** The calls of the fullest sliding minute of any one grant, as limits count them. */
function busiestMinute(calls: readonly RecordedCall[]): readonly RecordedCall[] {
  let peak: readonly RecordedCall[] = [];
  for (const own of Map.groupBy(calls, ({ record }) => record.grant).values()) {
    const inOrder = steady(own);
    let from = 0;
    for (const [index, { atMs }] of inOrder.entries()) {
      while ((inOrder[from]?.atMs ?? atMs) + windowMs <= atMs) from += 1;
      if (index - from + 1 <= peak.length) continue;
      peak = inOrder.slice(from, index + 1).map(({ call }) => call);
    }
  }
  return peak;
}

/** Times that never go back, as counters take them. */
function steady(
  calls: readonly RecordedCall[],
): readonly { readonly call: RecordedCall; readonly atMs: number }[] {
  let latestMs = 0;
  return calls.map((call) => {
    latestMs = Math.max(latestMs, call.record.time);
    return { call, atMs: latestMs };
  });
}
