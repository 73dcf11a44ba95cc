// Makes random documents and requests that meet often: few names, few values, every field.
import type { JsonValue } from '../../src/base/strict-json.ts';
import type {
  AccessRequest,
  Condition,
  Limit,
  OperatorName,
  PinnedTool,
  PolicyDocument,
  Predicate,
  Rule,
} from '../../src/policy/index.ts';
import { categories, operatorNames, risks } from '../../src/policy/index.ts';
import type { Documents } from './reference-evaluator.ts';

/** A number from 0 up to, but not including, 1. */
export type Random = () => number;

/** The same seed gives the same numbers for ever (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(random: Random, options: readonly T[]): T {
  // An index below the length of a list that is not empty is the index of a T.
  return options[Math.floor(random() * options.length)] as T;
}

function chance(random: Random, probability: number): boolean {
  return random() < probability;
}

function some<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: Math.floor(random() * (most + 1)) }, make);
}

/** The fields that were chosen; a field left out is absent, never undefined. */
type Chosen = Record<string, JsonValue>;

const toolNames = ['read', 'write', 'a/b', 'x~y', '*', 'constructor'];
const labelNames = ['untrusted', 'secret', 'a/b'];
const texts = ['good', 'bad', '', '5', 'true', 'a@ok.example', '😀é'];
const numbers = [0, 1, 5, -3, 0.5, 100, 9_007_199_254_740_991, 9_007_199_254_740_992, Number.NaN];
const paths = ['args.amount', 'args.name', 'args.tags', 'args.to.id', 'args["to"].name', 'args'];
const morePaths = ['args.tags[*]', 'args.items[0].id', 'args.items[*].id', 'args.items[*].tags[*]'];
const toolPaths = ['tool.name', 'tool.category', 'tool.risk'];
const otherPaths = ['principal.id', 'principal.kind', 'grant.label', 'server.name'];
const timePaths = ['time.hour', 'time.weekday', 'session.labels', 'session.labels[*]'];
const allPaths = [...paths, ...paths, ...morePaths, ...toolPaths, ...otherPaths, ...timePaths];

/** Operators with a parser of their own meet only values that every reader takes alike. */
const ownPaths: ReadonlyMap<OperatorName, string> = new Map([
  ['path_within', 'args.file'],
  ['url_host_in', 'args.urls[*]'],
  ['email_domain_in', 'args.mail'],
  ['sql_only', 'args.sql'],
]);

export function randomDocuments(random: Random): Documents {
  const guardrails: Record<string, PolicyDocument> = {};
  if (chance(random, 0.3)) guardrails.zone = randomDocument(random);
  if (chance(random, 0.2)) guardrails.base = randomDocument(random);
  return { policy: randomDocument(random), guardrails };
}

export function randomDocument(random: Random): PolicyDocument {
  const document: Chosen = { version: '1', default: pick(random, ['deny', 'allow', 'allow']) };
  if (chance(random, 0.2))
    document.hide = some(random, 2, () => pick(random, toolNames.slice(0, 4)));
  if (chance(random, 0.03)) document.hide = ['*'];
  if (chance(random, 0.3)) document.hide_denied = chance(random, 0.7);
  if (chance(random, 0.1)) document.input_schema = 'enforce';
  if (chance(random, 0.4)) {
    const shared: Chosen = {};
    if (chance(random, 0.4)) shared.require = predicates(random);
    if (chance(random, 0.4)) shared.deny_if = predicates(random);
    if (chance(random, 0.4)) shared.limits = limits(random);
    document.all_tools = shared;
  }
  const tools: Chosen = {};
  for (const name of toolNames) if (chance(random, 0.6)) tools[name] = randomRule(random);
  if (chance(random, 0.9)) document.tools = tools;
  const byCategory: Chosen = {};
  for (const name of categories) if (chance(random, 0.3)) byCategory[name] = randomRule(random);
  if (chance(random, 0.5)) document.categories = byCategory;
  // Every field above is one of the language, with a value that it allows; the parser agrees.
  return document as unknown as PolicyDocument;
}

function randomRule(random: Random): JsonValue {
  const rule: Chosen = {};
  const actions = ['allow', 'allow', 'require_approval', 'require_approval', 'deny', 'hide'];
  if (chance(random, 0.3)) rule.action = pick(random, actions);
  if (chance(random, 0.3)) rule.reason = pick(random, ['because', '']);
  if (chance(random, 0.1)) rule.input_schema = pick(random, ['enforce', 'off']);
  if (chance(random, 0.02)) rule.arguments = pick(random, schemas);
  if (chance(random, 0.35)) rule.require = predicates(random);
  if (chance(random, 0.45)) rule.deny_if = predicates(random);
  if (chance(random, 0.3)) rule.approve_if = predicates(random);
  if (chance(random, 0.3)) {
    rule.approval = { timeout: pick(random, ['30s', '10m', '2h']), quorum: pick(random, [1, 2]) };
    if (chance(random, 0.5)) rule.approval = { approvers: pick(random, ['admin', ['bob', 'eve']]) };
  }
  if (chance(random, 0.4)) rule.limits = limits(random);
  if (chance(random, 0.15)) rule.rate_limit = { max: pick(random, [0, 3, 9]), window: 60 };
  if (chance(random, 0.3)) {
    const labels: Chosen = {};
    for (const field of ['adds', 'blocked_by', 'approved_by']) {
      if (chance(random, 0.4)) labels[field] = some(random, 2, () => pick(random, labelNames));
    }
    rule.labels = labels;
  }
  return rule;
}

function predicates(random: Random): JsonValue {
  // Every predicate is plain JSON; the interface merely has no index signature.
  return some(random, 2, () => randomPredicate(random)) as unknown as JsonValue;
}

function limits(random: Random): JsonValue {
  // Likewise plain JSON.
  return some(random, 2, () => randomLimit(random)) as unknown as JsonValue;
}

export function randomPredicate(random: Random): Predicate {
  const said = chance(random, 0.3) ? { on_deny: pick(random, ['no', '']) } : {};
  const named = chance(random, 0.2) ? { id: pick(random, ['p1', 'a/b']) } : {};
  if (chance(random, 0.5)) return { ...randomCondition(random), ...said, ...named };
  const conditions = some(random, 2, () => randomCondition(random));
  return { conditions, ...said, ...named };
}

function randomCondition(random: Random): Condition {
  const op = pick(random, operatorNames);
  const path = ownPaths.get(op) ?? pick(random, allPaths);
  return { path, op, value: operand(random, op) };
}

function operand(random: Random, op: OperatorName): JsonValue {
  switch (op) {
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return pick(random, [0, 1, 5, 0.5, 12]);
    case 'length_lte':
    case 'length_gte':
      return pick(random, [0, 1, 2, 4]);
    case 'exists':
      return chance(random, 0.5);
    case 'in':
    case 'not_in':
      return some(random, 3, () => literal(random, 1));
    case 'regex':
    case 'not_regex':
      return pick(random, ['^good$', 'o+', '^[a-z]*$', '@ok']);
    case 'path_within':
      return ['/srv'];
    case 'url_host_in':
    case 'email_domain_in':
      return ['ok.example'];
    case 'sql_only':
      return ['select'];
    default:
      return literal(random, 2);
  }
}

function literal(random: Random, depth: number): JsonValue {
  const value = randomValue(random, depth);
  return JSON.stringify(value).includes('null') && chance(random, 0.8) ? 5 : finite(value);
}

/** A document cannot hold NaN. */
function finite(value: JsonValue): JsonValue {
  // What is parsed from printed JSON is JSON.
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}

export function randomLimit(random: Random): Limit {
  const scope = pick(random, ['grant', 'session', 'principal', 'server', 'everyone'] as const);
  const said = chance(random, 0.2) ? { on_deny: 'enough' } : {};
  const max = pick(random, [0, 1, 30, 30, 30]);
  if (chance(random, 0.15)) {
    const inFlight = chance(random, 0.5) ? { concurrent: max } : { concurrent: true as const, max };
    return { counter: `${scope}/flight`, scope, ...inFlight, ...said };
  }
  const window = pick(random, ['minute', 'hour', 'day', 'month', 90] as const);
  const aligned = typeof window === 'string' && chance(random, 0.3);
  const counter = `${scope}/${window}${aligned ? '!' : ''}`;
  const align = aligned ? { align: 'calendar' as const } : {};
  const costs = [{ cost: 2 }, { cost: 'args.amount' }, { increment_from: 'args.to.id' }, {}, {}];
  return { counter, window, max, scope, ...align, ...pick(random, costs), ...said };
}

/** Few, and made once: preparing a schema takes longer than a thousand decisions. */
const schemas: readonly JsonValue[] = [
  {},
  { required: ['amount'] },
  { required: ['to'], properties: { to: { type: 'object' } } },
  { properties: { amount: { type: 'number' } } },
  { properties: { amount: { type: 'string' }, name: { type: 'string' } } },
];

export function randomRequest(random: Random): AccessRequest {
  const toolName = pick(random, [...toolNames, 'unheard-of']);
  return {
    principal: { id: pick(random, ['ann', 'good']), kind: pick(random, ['agent', 'person']) },
    grantLabel: pick(random, ['good', 'ci']),
    serverName: pick(random, ['good', 'crm']),
    toolName,
    tool: chance(random, 0.03) ? null : randomTool(random, toolName),
    arguments: randomArguments(random),
    timeMs: Math.floor(random() * 2_000_000_000_000),
    labels: some(random, 2, () => pick(random, labelNames)),
  };
}

function randomTool(random: Random, name: string): PinnedTool {
  return {
    name: chance(random, 0.02) ? 'another' : name,
    state: chance(random, 0.03) ? 'quarantined' : 'pinned',
    category: pick(random, categories),
    risk: pick(random, risks),
    inputSchema: chance(random, 0.2) ? null : pick(random, schemas),
    digest: '00',
  };
}

function randomArguments(random: Random): JsonValue | undefined {
  if (chance(random, 0.05)) return pick(random, [undefined, null, [], 'text', 5]);
  const args: Chosen = {};
  const keys = ['amount', 'name', 'tags', 'to', 'items', 'file', 'urls', 'mail', 'sql'];
  for (const key of keys) if (chance(random, 0.7)) args[key] = argument(random, key);
  if (chance(random, 0.06)) args[pick(random, ['Amount', 'ｎame', 'TO', 'toString'])] = 1;
  return args;
}

function argument(random: Random, key: string): JsonValue {
  if (key === 'file') return pick(random, ['/srv/x', '/etc/y', 5]);
  if (key === 'mail') return pick(random, ['a@ok.example', 'a@evil.example', 5]);
  if (key === 'sql') return pick(random, ['select 1', 'delete from t', 5]);
  if (key === 'urls') {
    return some(random, 2, () => pick(random, ['https://ok.example/p', 'https://evil.example/p']));
  }
  if (chance(random, 0.2)) return randomValue(random, 2);
  switch (key) {
    case 'amount':
      return pick(random, numbers);
    case 'name':
      return pick(random, texts);
    case 'tags':
      return some(random, 3, () => randomValue(random, 0));
    case 'to':
      return item(random);
    default:
      return some(random, 2, () => item(random));
  }
}

function item(random: Random): JsonValue {
  const made: Chosen = {};
  if (chance(random, 0.7)) made.id = randomValue(random, 0);
  if (chance(random, 0.5)) made.name = pick(random, texts);
  if (chance(random, 0.4)) made.tags = some(random, 2, () => randomValue(random, 0));
  if (chance(random, 0.04)) made.ID = 1;
  return made;
}

function randomValue(random: Random, depth: number): JsonValue {
  const kind = random();
  if (kind < 0.35) return pick(random, numbers);
  if (kind < 0.75 || depth === 0) return pick(random, texts);
  if (kind < 0.8) return null;
  if (kind < 0.85) return chance(random, 0.5);
  if (kind < 0.93) return some(random, 2, () => randomValue(random, depth - 1));
  const made: Chosen = {};
  for (const key of ['id', 'name'])
    if (chance(random, 0.5)) made[key] = randomValue(random, depth - 1);
  return made;
}

/** Both kinds of rule, for tests that add to one. */
export function rulesOf(document: PolicyDocument): readonly Rule[] {
  return [...Object.values(document.tools ?? {}), ...Object.values(document.categories ?? {})];
}
