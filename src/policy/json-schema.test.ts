import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { randomDocument, seeded } from '../../test/policy/random-case.ts';
import { compilePolicy, decide, isVisible, parsePolicy } from './index.ts';
import type { AccessRequest, CompiledPolicy, PinnedTool } from './index.ts';
import { policyJsonSchema } from './json-schema.ts';
import { isObject } from './operators/compare.ts';

const file = new URL('../../spec/policy.schema.json', import.meta.url);
const validate = new Ajv2020({ strict: false }).compile(policyJsonSchema());

test('the published schema is the one that the fields give: run `npm run golden`', () => {
  const rendered = `${JSON.stringify(policyJsonSchema(), null, 2)}\n`;
  assert.equal(readFileSync(file, 'utf8'), rendered);
});

test('every field says what it means', () => {
  for (const [pointer, field] of fieldsOf(policyJsonSchema())) {
    const { description } = field;
    assert.ok(typeof description === 'string' && description.length > 5, pointer);
  }
});

test('the schema admits every document of the cases and every random one', () => {
  const directory = new URL('../../spec/cases/', import.meta.url);
  const random = seeded(3);
  const documents: unknown[] = Array.from({ length: 300 }, () => randomDocument(random));
  for (const name of globSync('**/*.json', { cwd: directory })) {
    const { document } = JSON.parse(readFileSync(new URL(name, directory), 'utf8'));
    if (document !== null) documents.push(document);
  }
  for (const document of documents) {
    assert.ok(validate(document), JSON.stringify([validate.errors, document], null, 1));
  }
});

const head = { version: '1', default: 'deny' };
const refused: readonly object[] = [
  {},
  { ...head, version: '2' },
  { ...head, version: 1 },
  { ...head, tols: {} },
  { ...head, input_schema: 'off' },
  { ...head, categories: { read: {} } },
  { ...head, tools: { t: { action: 'block' } } },
  { ...head, tools: { t: { limits: [{ counter: 'c', max: 1, scope: 'grant' }] } } },
  { ...head, tools: { t: { limits: [{ counter: 'c', window: 1, max: -1, scope: 'grant' }] } } },
  { ...head, tools: { t: { deny_if: [{ path: 'args.a', op: 'gt', value: '5' }] } } },
  { ...head, tools: { t: { deny_if: [{ conditions: [], op: 'gt' }] } } },
  { ...head, tools: { t: { approval: { timeout: '10' } } } },
];

for (const document of refused) {
  test(`schema and parser both refuse ${JSON.stringify(document)}`, () => {
    assert.equal(validate(document), false);
    assert.equal(parsePolicy(JSON.stringify(document)).ok, false);
  });
}

/** For each field of the schema, a document with it that decides otherwise than without it. */
interface Effect {
  readonly document: object;
  /** The document without the field, when leaving it out is not enough to make one that loads. */
  readonly without: object;
  readonly arguments?: JsonValue;
  readonly labels?: readonly string[];
}

const rules = (t: object): object => ({ ...head, tools: { t } });
const both = (field: string, value: unknown, more: Partial<Effect> = {}): Effect => ({
  document: rules({ [field]: value }),
  without: rules({}),
  ...more,
});
const counted = (fields: object): object =>
  rules({ limits: [{ counter: 'c', window: 'hour', max: 5, scope: 'grant', ...fields }] });
const count = (fields: object, without: object = {}): Effect => ({
  document: counted(fields),
  without: counted(without),
  arguments: { n: 3 },
});
const never = { conditions: [] };
const eq = { path: 'args.a', op: 'eq', value: 1 };
const denied = (one: object, other: object): Effect => ({
  document: rules({ deny_if: [one] }),
  without: rules({ deny_if: [other] }),
  arguments: { a: 1, b: 2 },
});
const asked = (approval: object): Effect => ({
  document: rules({ action: 'require_approval', approval }),
  without: rules({ action: 'require_approval' }),
});
const everywhere = (all: object): Effect => ({
  document: { ...head, default: 'allow', all_tools: all },
  without: { ...head, default: 'allow' },
});
const hour = { counter: 'c', window: 'hour', max: 5, scope: 'grant' };

const effects: Readonly<Record<string, Effect | null>> = {
  // Text for people, and the mark that says how to read the rest: nothing to decide by.
  '/version': null,
  '/description': null,
  '/default': { document: { ...head, default: 'allow' }, without: head },
  '/hide': { document: { ...rules({}), hide: ['t'] }, without: rules({}) },
  '/hide_denied': { document: { ...head, hide_denied: true }, without: head },
  '/input_schema': { document: { ...rules({}), input_schema: 'enforce' }, without: rules({}) },
  '/all_tools': everywhere({ deny_if: [never] }),
  '/tools': { document: rules({}), without: head },
  '/categories': { document: { ...head, categories: { Write: {} } }, without: head },
  '/$defs/all_tools/require': everywhere({ require: [eq] }),
  '/$defs/all_tools/deny_if': everywhere({ deny_if: [never] }),
  '/$defs/all_tools/limits': everywhere({ limits: [hour] }),
  '/$defs/rule/action': both('action', 'deny'),
  '/$defs/rule/reason': {
    document: rules({ action: 'deny', reason: 'why' }),
    without: rules({ action: 'deny' }),
  },
  '/$defs/rule/input_schema': both('input_schema', 'enforce'),
  '/$defs/rule/arguments': both('arguments', { required: ['zz'] }),
  '/$defs/rule/require': both('require', [eq]),
  '/$defs/rule/deny_if': both('deny_if', [never]),
  '/$defs/rule/approve_if': both('approve_if', [never]),
  '/$defs/rule/approval': asked({ quorum: 2 }),
  '/$defs/rule/limits': both('limits', [hour]),
  '/$defs/rule/rate_limit': both('rate_limit', { max: 1, window: 1 }),
  '/$defs/rule/labels': both('labels', { adds: ['x'] }),
  '/$defs/predicate_long/conditions': denied(
    { conditions: [eq] },
    { conditions: [{ ...eq, value: 2 }] },
  ),
  '/$defs/predicate_long/id': denied({ ...never, id: 'x' }, never),
  '/$defs/predicate_long/on_deny': denied({ ...never, on_deny: 'no' }, never),
  '/$defs/predicate_short/path': denied(eq, { ...eq, path: 'args.b' }),
  '/$defs/predicate_short/op': denied(eq, { ...eq, op: 'neq' }),
  '/$defs/predicate_short/value': denied(eq, { ...eq, value: 2 }),
  '/$defs/predicate_short/id': denied({ ...eq, id: 'x' }, eq),
  '/$defs/predicate_short/on_deny': denied({ ...eq, on_deny: 'no' }, eq),
  '/$defs/condition/path': denied(
    { conditions: [eq] },
    { conditions: [{ ...eq, path: 'args.b' }] },
  ),
  '/$defs/condition/op': denied({ conditions: [eq] }, { conditions: [{ ...eq, op: 'neq' }] }),
  '/$defs/condition/value': denied({ conditions: [eq] }, { conditions: [{ ...eq, value: 2 }] }),
  '/$defs/approval/timeout': asked({ timeout: '5m' }),
  '/$defs/approval/approvers': asked({ approvers: 'eve' }),
  '/$defs/approval/quorum': asked({ quorum: 2 }),
  '/$defs/limit/counter': count({ counter: 'd' }),
  '/$defs/limit/window': count({ window: 'day' }),
  '/$defs/limit/max': count({ max: 6 }),
  '/$defs/limit/scope': count({ scope: 'everyone' }),
  '/$defs/limit/cost': count({ cost: 'args.n' }),
  '/$defs/limit/increment_from': count({ increment_from: 'args.n' }),
  '/$defs/limit/align': count({ align: 'calendar' }),
  '/$defs/limit/concurrent': {
    document: rules({ limits: [{ counter: 'c', concurrent: 5, scope: 'grant' }] }),
    without: counted({}),
  },
  '/$defs/limit/on_deny': count({ on_deny: 'spent' }),
  '/$defs/rate_limit/max': both(
    'rate_limit',
    { max: 1, window: 1 },
    {
      without: rules({ rate_limit: { max: 2, window: 1 } }),
    },
  ),
  '/$defs/rate_limit/window': both(
    'rate_limit',
    { max: 1, window: 1 },
    {
      without: rules({ rate_limit: { max: 1, window: 2 } }),
    },
  ),
  '/$defs/labels/adds': both('labels', { adds: ['x'] }),
  '/$defs/labels/blocked_by': both('labels', { blocked_by: ['x'] }, { labels: ['x'] }),
  '/$defs/labels/approved_by': both('labels', { approved_by: ['x'] }, { labels: ['x'] }),
};

test('the table below the schema names exactly its fields', () => {
  const fields = fieldsOf(policyJsonSchema()).map(([pointer]) => pointer);
  assert.deepEqual(Object.keys(effects).sort(), fields.toSorted());
});

for (const [pointer, effect] of Object.entries(effects)) {
  if (effect === null) continue;
  test(`${pointer} changes a decision`, () => {
    const [with_, without] = [answer(effect.document, effect), answer(effect.without, effect)];
    assert.notDeepEqual(with_, without);
  });
}

function answer(document: object, effect: Effect): unknown {
  const policy = compile(document);
  const tool: PinnedTool = {
    name: 't',
    state: 'pinned',
    category: 'Write',
    risk: 'Low',
    inputSchema: { required: ['zz'] },
    digest: '',
  };
  const request: AccessRequest = {
    principal: { id: 'ann', kind: 'agent' },
    grantLabel: 'ci',
    serverName: 'crm',
    toolName: 't',
    tool,
    arguments: effect.arguments ?? {},
    timeMs: 0,
    labels: effect.labels ?? [],
  };
  const set = { policy, guardrails: [] };
  return { decision: decide(set, request), visible: isVisible(set, tool) };
}

function compile(document: object): CompiledPolicy {
  const parsed = parsePolicy(JSON.stringify(document));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const compiled = compilePolicy(parsed.value);
  assert.ok(compiled.ok, JSON.stringify(compiled));
  return compiled.value;
}

/** Every field of the document and of the definitions, with where it is. */
function fieldsOf(schema: JsonObject): readonly (readonly [string, JsonObject])[] {
  const holders: (readonly [string, JsonValue | undefined])[] = [['', schema]];
  const definitions = isObject(schema.$defs) ? schema.$defs : {};
  for (const [name, each] of Object.entries(definitions)) holders.push([`/$defs/${name}`, each]);
  return holders.flatMap(([base, holder]) => {
    if (!isObject(holder) || !isObject(holder.properties)) return [];
    return Object.entries(holder.properties).map(([name, field]) => {
      return [`${base}/${name}`, isObject(field) ? field : {}] as const;
    });
  });
}
