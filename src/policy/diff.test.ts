import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileAll } from '../../test/policy/differential.ts';
import { pick, randomDocument, randomRequest, seeded } from '../../test/policy/random-case.ts';
import { decide, diffPolicies, parsePolicy } from './index.ts';
import type { CompiledPolicy, Decision, PinnedTool, PolicyDocument } from './index.ts';

const tool: PinnedTool = {
  name: 't',
  state: 'pinned',
  category: 'Write',
  risk: 'Low',
  inputSchema: { type: 'object' },
  digest: '',
};

function compiled(document: PolicyDocument): CompiledPolicy {
  const { policy } = compileAll({ policy: document, guardrails: {} });
  assert.ok(policy !== null);
  return policy;
}

function load(fields: object): CompiledPolicy {
  const parsed = parsePolicy(JSON.stringify({ version: '1', default: 'deny', ...fields }));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return compiled(parsed.value);
}

/** What the document said, what it says, and the changes: kind, rule, text. */
type DiffCase = readonly [string, object, object, ...(readonly [string, string, RegExp])[]];

const amount = (op: string, value: unknown): object => ({ path: 'args.amount', op, value });
const rule = (fields: object): object => ({ tools: { t: fields } });
const limit = (max: number, more: object = {}): object =>
  rule({ limits: [{ counter: 'c', window: 'hour', scope: 'grant', max, ...more }] });

const cases: readonly DiffCase[] = [
  ['nothing changed', rule({ deny_if: [amount('gt', 5)] }), rule({ deny_if: [amount('gt', 5)] })],
  ['words only', rule({ reason: 'a' }), { ...rule({ reason: 'b' }), description: 'x' }],
  ['a tool is named', {}, rule({}), ['allows', '/tools/t', /^allowed now: was denied by default$/]],
  ['a tool is named, within limits', {}, limit(5), ['allows', '/tools/t', /within its rule/]],
  [
    'a tool is named no more',
    rule({}),
    {},
    ['refuses', '(default deny)', /^denied by default now$/],
  ],
  [
    'a tool is denied',
    rule({}),
    rule({ action: 'deny' }),
    ['refuses', '/tools/t/action', /^denied/],
  ],
  ['denied another way', rule({ action: 'deny' }), {}],
  [
    'a tool is hidden',
    rule({}),
    { ...rule({}), hide: ['t'] },
    ['hides', '(hidden)', /^hidden now$/],
    ['refuses', '(hidden)', /^hidden now$/],
  ],
  [
    'a denied tool is hidden',
    rule({ action: 'deny' }),
    rule({ action: 'hide' }),
    ['hides', '(hidden)', /^hidden now$/],
  ],
  [
    'a bound is raised',
    rule({ deny_if: [amount('gt', 5)] }),
    rule({ deny_if: [amount('gt', 9)] }),
    ['allows', '/tools/t/deny_if/args.amount-gt', /^no longer refused if args.amount gt 5$/],
  ],
  [
    'a bound is lowered',
    rule({ require: [amount('lte', 9)] }),
    rule({ require: [amount('lt', 9)] }),
    ['refuses', '/tools/t/require/args.amount-lt', /^now refused unless args.amount lt 9$/],
  ],
  [
    'a bound takes its own value in, from above',
    rule({ require: [amount('gt', 5)] }),
    rule({ require: [amount('gte', 5)] }),
    ['allows', '/tools/t/require/args.amount-gt', /no longer/],
  ],
  [
    'a bound takes its own value in, from below',
    rule({ require: [amount('lt', 5)] }),
    rule({ require: [amount('lte', 5)] }),
    ['allows', '/tools/t/require/args.amount-lt', /no longer/],
  ],
  [
    'a bound leaves its own value out',
    rule({ require: [amount('gte', 5)] }),
    rule({ require: [amount('gt', 5)] }),
    ['refuses', '/tools/t/require/args.amount-gt', /now/],
  ],
  [
    'a value gives way to what is above it',
    rule({ require: [amount('eq', 5)] }),
    rule({ require: [amount('gt', 5)] }),
    ['allows', '/tools/t/require/args.amount-eq', /no longer/],
    ['refuses', '/tools/t/require/args.amount-gt', /now/],
  ],
  [
    'a value gives way to what is below it',
    rule({ require: [amount('eq', 5)] }),
    rule({ require: [amount('lt', 5)] }),
    ['allows', '/tools/t/require/args.amount-eq', /no longer/],
    ['refuses', '/tools/t/require/args.amount-lt', /now/],
  ],
  [
    'a value gives way to itself and what is above it',
    rule({ require: [amount('eq', 5)] }),
    rule({ require: [amount('gte', 5)] }),
    ['allows', '/tools/t/require/args.amount-eq', /no longer/],
  ],
  [
    'a value gives way to itself and what is below it',
    rule({ require: [amount('eq', 5)] }),
    rule({ require: [amount('lte', 5)] }),
    ['allows', '/tools/t/require/args.amount-eq', /no longer/],
  ],
  [
    'a label blocks no more, while a schema stays',
    rule({ arguments: { required: ['a'] }, labels: { blocked_by: ['x'] } }),
    rule({ arguments: { required: ['a'] } }),
    ['allows', '/tools/t/labels/blocked_by/x', /no longer/],
  ],
  [
    'another label blocks',
    rule({ labels: { blocked_by: ['x'] } }),
    rule({ labels: { blocked_by: ['y'] } }),
    ['allows', '/tools/t/labels/blocked_by/x', /no longer/],
    ['refuses', '/tools/t/labels/blocked_by/y', /now/],
  ],
  [
    'a label blocks no more and is put on instead',
    rule({ labels: { blocked_by: ['x'] } }),
    rule({ labels: { adds: ['x'] } }),
    ['allows', '/tools/t/labels/blocked_by/x', /no longer/],
    ['labels', '/tools/t/labels/adds', /now/],
  ],
  [
    'a bound is put differently',
    rule({ deny_if: [amount('gt', 5)] }),
    rule({ require: [amount('lte', 5)] }),
    ['allows', '/tools/t/deny_if/args.amount-gt', /no longer/],
    ['refuses', '/tools/t/require/args.amount-lte', /now/],
  ],
  [
    'a list grows',
    rule({ require: [amount('in', [1, 2])] }),
    rule({ require: [amount('in', [1, 2, 3])] }),
    ['allows', '/tools/t/require/args.amount-in', /no longer/],
  ],
  [
    'a condition is added to a deny_if',
    rule({ deny_if: [amount('gt', 5)] }),
    rule({
      deny_if: [{ conditions: [amount('gt', 5), { path: 'args.env', op: 'eq', value: 'x' }] }],
    }),
    ['allows', '/tools/t/deny_if/args.amount-gt', /no longer/],
  ],
  [
    'moved to all_tools',
    rule({ deny_if: [amount('gt', 5)] }),
    { ...rule({}), all_tools: { deny_if: [amount('gt', 5)] } },
  ],
  [
    'a limit is raised',
    limit(5),
    limit(6),
    ['allows', '/tools/t/limits/c', /no longer limited by `c` to 5 per hour/],
  ],
  ['a limit is lowered', limit(5), limit(4), ['refuses', '/tools/t/limits/c', /now limited .* 4/]],
  ['a window is named in seconds', limit(5), limit(5, { window: 3600 })],
  [
    'a limit counts by another scope',
    limit(5),
    limit(5, { scope: 'everyone' }),
    ['allows', '/tools/t/limits/c', /scope grant/],
    ['refuses', '/tools/t/limits/c', /scope everyone/],
  ],
  [
    'a limit of nothing closes the tool',
    limit(5),
    limit(0),
    ['refuses', '/tools/t', /^never permitted now$/],
  ],
  [
    'a person is asked',
    rule({}),
    rule({ action: 'require_approval' }),
    ['asks', '/tools/t/action', /^now asked, whatever the arguments$/],
  ],
  [
    'a person is asked less',
    rule({ action: 'require_approval' }),
    rule({ approve_if: [amount('gt', 5)] }),
    ['asks-no-more', '/tools/t/action', /no longer asked/],
  ],
  [
    'another person is asked',
    rule({ approve_if: [amount('gt', 5)] }),
    rule({ approve_if: [amount('gt', 5)], approval: { approvers: 'eve' } }),
    ['asks-no-more', '/tools/t/approve_if/args.amount-gt', /asked if/],
    ['asks', '/tools/t/approve_if/args.amount-gt', /asked if/],
  ],
  [
    'a label is put',
    rule({}),
    rule({ labels: { adds: ['secret'] } }),
    ['labels', '/tools/t/labels/adds', /puts label `secret`/],
  ],
  [
    'a label blocks',
    rule({}),
    rule({ labels: { blocked_by: ['secret'] } }),
    ['refuses', '/tools/t/labels/blocked_by/secret', /now refused under label `secret`/],
  ],
  [
    'the schema is enforced',
    rule({}),
    { ...rule({}), input_schema: 'enforce' },
    ['refuses', '/input_schema', /pinned schema/],
  ],
  ['a rule opts out', rule({}), { ...rule({ input_schema: 'off' }), input_schema: 'enforce' }],
  [
    'a schema of arguments is taken away',
    rule({ arguments: { required: ['a'] } }),
    rule({}),
    ['allows', '/tools/t/arguments', /no longer/],
  ],
  ['by category instead of by name', rule({}), { categories: { Write: {} } }],
  [
    'another category',
    { categories: { Write: {} } },
    { categories: { Read: {} } },
    ['refuses', '(default deny)', /denied by default/],
  ],
];

for (const [name, before, after, ...changes] of cases) {
  test(`diff: ${name}`, () => {
    const found = diffPolicies(load(before), load(after), [tool]);
    assert.deepEqual(
      found.map(({ kind, rule: id }) => [kind, id]),
      changes.map(([kind, id]) => [kind, id]),
      JSON.stringify(found, null, 1),
    );
    for (const [index, { text }] of found.entries())
      assert.match(text, changes[index]?.[2] ?? /$^/);
  });
}

test('a change of any decision has an entry of its kind', () => {
  const random = seeded(5);
  let differences = 0;
  for (let run = 0; run < 4000; run += 1) {
    const before = randomDocument(random);
    const other = randomDocument(random);
    const fields = ['tools', 'all_tools', 'hide', 'default', 'input_schema'] as const;
    const field = pick(random, fields);
    const after = { ...before, [field]: other[field] ?? before[field] };
    const request = randomRequest(random);
    if (request.tool?.name !== request.toolName || request.tool.state !== 'pinned') continue;
    const [first, second] = [compiled(before), compiled(after)];
    const was = decide({ policy: first, guardrails: [] }, request);
    const is = decide({ policy: second, guardrails: [] }, request);
    const kinds = diffPolicies(first, second, [request.tool]).map((change) => change.kind);
    const wanted = wantedKinds(was, is);
    if (wanted.length > 0) differences += 1;
    const met = wanted.length === 0 || wanted.some((kind) => kinds.includes(kind as never));
    assert.ok(met, JSON.stringify({ was, is, kinds, before, after, request }, null, 1));
  }
  assert.ok(differences > 300, `only ${differences} decisions differed`);
});

/** Whether no call of this kind passes: a limit smaller than its cost refuses as surely as a rule. */
function isRefused(decision: Decision): boolean {
  if (decision.effect === 'deny') return true;
  return decision.obligations.limits.some(({ units, max }) => units > max);
}

/** Any of these explains the difference between two decisions; none is needed when they agree. */
function wantedKinds(was: Decision, is: Decision): readonly string[] {
  const ambiguous = [was, is].some(
    (each) => each.effect === 'deny' && each.code === 'ambiguous-key',
  );
  if (isRefused(was) && isRefused(is)) return [];
  if (ambiguous) return ['allows', 'refuses', 'asks', 'asks-no-more'];
  if (was.effect === 'deny' || isRefused(was)) return ['allows'];
  if (is.effect === 'deny' || isRefused(is)) return ['refuses'];
  const asked = [was, is].map((each) => each.obligations.approvals.length);
  if ((asked[0] ?? 0) < (asked[1] ?? 0)) return ['asks'];
  if ((asked[0] ?? 0) > (asked[1] ?? 0)) return ['asks-no-more'];
  return [];
}
