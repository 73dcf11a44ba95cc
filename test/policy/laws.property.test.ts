// The laws of the language's §4, each on random documents and requests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../../src/base/strict-json.ts';
import {
  compilePolicy,
  decide,
  isVisible,
  parsePolicy,
  printPolicy,
} from '../../src/policy/index.ts';
import type {
  AccessRequest,
  AllTools,
  PolicyDocument,
  PolicySet,
  Rule,
} from '../../src/policy/index.ts';
import { compileAll } from './differential.ts';
import {
  pick,
  randomDocument,
  randomDocuments,
  randomLimit,
  randomPredicate,
  randomRequest,
  seeded,
} from './random-case.ts';
import type { Random } from './random-case.ts';
import type { Documents } from './reference-evaluator.ts';

/** One random world a seed: the numbers that follow are made from the same seed. */
function law(name: string, runs: number, check: (random: Random) => void): void {
  test(name, () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), (seed) => check(seeded(seed))),
      { numRuns: runs, seed: 7 },
    );
  });
}

function compiled(document: PolicyDocument): NonNullable<PolicySet['policy']> {
  const policy = compilePolicy(document);
  assert.ok(policy.ok, JSON.stringify(policy));
  return policy.value;
}

law('the same documents and request give the same decision', 300, (random) => {
  const documents = randomDocuments(random);
  const request = randomRequest(random);
  const first = decide(compileAll(documents), request);
  assert.deepEqual(decide(compileAll(documents), request), first);
  const set = compileAll(documents);
  for (let turn = 0; turn < 3; turn += 1) {
    decide(set, randomRequest(random));
    assert.deepEqual(decide(set, request), first);
  }
});

law('`default: deny` with nothing else refuses everything', 300, (random) => {
  const policy = compiled({ version: '1', default: 'deny' });
  assert.equal(decide({ policy, guardrails: [] }, randomRequest(random)).effect, 'deny');
});

law('no policy refuses everything', 200, (random) => {
  const decision = decide({ policy: null, guardrails: [] }, randomRequest(random));
  assert.equal(decision.effect === 'deny' && decision.rule, '(no policy)');
});

law('hidden implies refused, and refused as (hidden) or before', 700, (random) => {
  const set = compileAll(randomDocuments(random));
  const request = randomRequest(random);
  const { tool } = request;
  if (tool === null || tool.name !== request.toolName) return;
  const decision = decide(set, request);
  const unseen = decision.effect === 'deny' && /\((hidden|unpinned)\)$/.test(decision.rule);
  assert.equal(isVisible(set, tool), !unseen);
});

law('a guardrail never allows a call that was refused', 700, (random) => {
  const documents = randomDocuments(random);
  const name = pick(random, ['aaa', 'middle', 'zzz']);
  const added = { ...documents.guardrails, [name]: randomDocument(random) };
  neverAllows(documents, { ...documents, guardrails: added }, randomRequest(random));
});

law('one more entry in `hide` never allows a call that was refused', 300, (random) => {
  const documents = randomDocuments(random);
  const request = randomRequest(random);
  const { policy } = documents;
  assert.ok(policy !== null);
  const name = pick(random, [request.toolName, '*', 'other']);
  const more = { ...policy, hide: [...(policy.hide ?? []), name] };
  neverAllows(documents, { ...documents, policy: more }, request);
});

for (const field of ['deny_if', 'require', 'limits'] as const) {
  law(`one more entry in a rule's \`${field}\` never allows what was refused`, 1000, (random) => {
    const documents = randomDocuments(random);
    const { policy } = documents;
    assert.ok(policy !== null);
    const request = randomRequest(random);
    const more = withEntry(policy, field, random);
    if (more !== null) neverAllows(documents, { ...documents, policy: more }, request);
  });
}

law('the order of keys changes nothing', 300, (random) => {
  const documents = randomDocuments(random);
  const { policy } = documents;
  assert.ok(policy !== null);
  // A document is plain JSON, and shuffling its keys leaves it one.
  const shuffled = shuffle(policy as unknown as JsonValue, random) as unknown as PolicyDocument;
  const request = randomRequest(random);
  // Arguments are JSON as well; missing ones stay missing.
  const other = { ...request, arguments: shuffle(request.arguments ?? {}, random) };
  const before = decide(compileAll(documents), { ...request, arguments: request.arguments ?? {} });
  assert.deepEqual(decide(compileAll({ ...documents, policy: shuffled }), other), before);
});

law('print after parse is the identity', 300, (random) => {
  const document = randomDocument(random);
  const printed = printPolicy(document);
  const parsed = parsePolicy(printed);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.deepEqual(parsed.value, JSON.parse(JSON.stringify(document)));
  assert.equal(printPolicy(parsed.value), printed);
});

function neverAllows(before: Documents, after: Documents, request: AccessRequest): void {
  const was = decide(compileAll(before), request);
  if (was.effect === 'allow') return;
  const is = decide(compileAll(after), request);
  assert.equal(is.effect, 'deny', JSON.stringify({ was, is, request, after }, null, 1));
}

/** The document with one more entry in one of its rules, or in `all_tools`; null without a rule. */
function withEntry(
  document: PolicyDocument,
  field: 'deny_if' | 'require' | 'limits',
  random: Random,
): PolicyDocument | null {
  const entry = field === 'limits' ? randomLimit(random) : randomPredicate(random);
  const place = pick(random, ['all_tools', 'tools', 'categories'] as const);
  if (place === 'all_tools') {
    const shared = document.all_tools ?? {};
    // The entry is of the field's own kind: it was made for it above.
    const more = { ...shared, [field]: added(shared[field], entry, random) } as AllTools;
    return { ...document, all_tools: more };
  }
  const rules: Readonly<Record<string, Rule>> = document[place] ?? {};
  const name = pick(random, Object.keys(rules));
  const rule = name === undefined ? undefined : rules[name];
  if (rule === undefined) return null;
  // As above.
  const changed = { ...rule, [field]: added(rule[field], entry, random) } as Rule;
  return { ...document, [place]: { ...rules, [name]: changed } };
}

function added(list: readonly object[] | undefined, entry: object, random: Random): object[] {
  const entries = [...(list ?? [])];
  entries.splice(Math.floor(random() * (entries.length + 1)), 0, entry);
  return entries;
}

function shuffle(value: JsonValue, random: Random): JsonValue {
  if (Array.isArray(value)) return value.map((each: JsonValue) => shuffle(each, random));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, shuffle(each, random)] as const);
  return Object.fromEntries(
    entries
      .map((entry) => ({ entry, at: random() }))
      .toSorted((a, b) => a.at - b.at)
      .map((e) => e.entry),
  );
}
