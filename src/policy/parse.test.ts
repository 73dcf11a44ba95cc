import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy, parsePolicy, printPolicy } from './index.ts';
import type { PolicyDocument, PolicyProblem } from './index.ts';

/** Text, and what must be said about it: pointer, line:column, a part of the message, of the hint. */
type Bad = readonly [
  text: string,
  ...problems: readonly (readonly [string, string, string, (string | null)?])[],
];

const head = '{"version":"1","default":"deny"';
const tool = (rule: string): string => `${head},"tools":{"t":${rule}}}`;
const limit = (fields: string): string => tool(`{"limits":[{"counter":"c",${fields}}]}`);
const condition = (fields: string): string => tool(`{"deny_if":[{${fields}}]}`);
const value = (op: string, literal: string): string =>
  condition(`"path":"args.a","op":"${op}","value":${literal}`);

const bad: readonly Bad[] = [
  ['', ['', '1:1', 'expected a value, found the end']],
  ['{', ['', '1:2', 'expected a key in double quotes, found the end']],
  ['{"version":"1",}', ['', '1:16', 'expected a key in double quotes, found `}`', 'the comma']],
  ['{"hide":["a",\n]}', ['', '2:1', 'expected a value, found `]`', 'remove the comma before it']],
  ['{"a":1, // b\n}', ['', '1:9', 'expected a key in double quotes, found `/`', 'no comments']],
  ["{'version':1}", ['', '1:2', "found `'`", 'double quotes alone']],
  ['{a:1}', ['', '1:2', 'found `a`', 'one JSON object']],
  ['{"version":"1"\n  "default":"deny"}', ['', '2:3', 'expected `,` or `}`, found `"`']],
  ['[1 2]', ['', '1:4', 'expected `,` or `]`, found `2`']],
  ['{"version" "1"}', ['', '1:12', 'expected `:`, found `"`']],
  [`${head}} x`, ['', '1:34', 'expected the end, found `x`']],
  [`\uFEFF${head}}`, ['', '1:1', 'byte order mark']],
  ['{"version":"1","default":"deny\n"}', ['', '1:31', 'control character']],
  ['{"version":"\\x"}', ['', '1:13', 'unknown escape `\\x`']],
  ['{"description":"\\ud800"}', ['', '1:16', 'surrogate']],
  ['{"version":"1', ['', '1:12', 'never ends']],
  ['{"version":01}', ['', '1:13', 'expected `,` or `}`, found `1`']],
  ['{"version":NaN}', ['', '1:12', 'expected a value, found `N`']],
  ['{"version":truth}', ['', '1:12', 'expected a value, found `t`']],
  ['['.repeat(70), ['', '1:66', 'levels deep']],
  ['[]', ['', '1:1', 'expected an object, found a list']],
  ['null', ['', '1:1', 'expected an object, found `null`']],
  [
    '{}',
    ['', '1:1', '`version` is missing: expected `1`'],
    ['', '1:1', '`default` is missing: expected `deny`, `allow`'],
  ],
  ['{"version":"2","default":"deny"}', ['/version', '1:12', 'expected `1`, found `2`']],
  ['{"version":1,"default":"deny"}', ['/version', '1:12', 'found `1`', 'double quotes']],
  [
    '{"version":"1","default":"dney"}',
    ['/default', '1:26', 'expected `deny`, `allow`, found `dney`', 'did you mean `deny`?'],
  ],
  [
    '{\n  "version": "1",\n  "default": "deny",\n  "tols": {},\n  "hide": "x"\n}',
    ['/tols', '4:3', 'unknown key `tols`', 'did you mean `tools`?'],
    ['/hide', '5:11', 'expected a list, found `x`'],
  ],
  [`${head},"default":"allow"}`, ['/default', '1:33', 'here twice', 'keep one']],
  [`${head},"tools":{"a":{},"a":{}}}`, ['/tools/a', '1:49', 'the key `a` is here twice']],
  [`${head},"__proto__":{}}`, ['/__proto__', '1:33', '`__proto__` is not allowed']],
  [`${head},"tools":{"__proto__":{}}}`, ['/tools/__proto__', '1:42', 'not allowed']],
  [`${head},"tools":{"constructor":{"acton":"deny"}}}`, ['/tools/constructor/acton', '1:57', '']],
  [tool('{"limits":[null]}'), ['/tools/t/limits/0', '1:57', 'expected an object']],
  [`${head},"hide":[""]}`, ['/hide/0', '1:41', 'expected text that is not empty']],
  [`${head},"hide_denied":"true"}`, ['/hide_denied', '1:47', '', 'without quotes']],
  [`${head},"hide_denied":"yes"}`, ['/hide_denied', '1:47', 'expected `true` or `false`']],
  [`${head},"input_schema":"off"}`, ['/input_schema', '1:48', 'expected `enforce`']],
  [`${head},"categories":{"read":{}}}`, ['/categories/read', '1:47', '', 'mean `Read`?']],
  [`${head},"categories":{"Nuclear":{}}}`, ['/categories/Nuclear', '1:47', '', 'known here']],
  [`${head},"all_tools":{"approve_if":[]}}`, ['/all_tools/approve_if', '1:46', 'unknown key']],
  [tool('[]'), ['/tools/t', '1:46', 'expected an object, found a list']],
  [tool('{"deny_if":{}}'), ['/tools/t/deny_if', '1:57', 'expected a list, found an object']],
  [tool('{"action":"block"}'), ['/tools/t/action', '1:56', 'found `block`']],
  [tool('{"action":"requireApproval"}'), ['/tools/t/action', '1:56', '', '`require_approval`']],
  [tool('{"labels":{"add":[]}}'), ['/tools/t/labels/add', '1:57', '', 'did you mean `adds`?']],
  [tool('{"rate_limit":{"max":1}}'), ['/tools/t/rate_limit', '1:60', '`window` is missing']],
  [tool('{"rate_limit":{"max":1,"window":0}}'), ['/tools/t/rate_limit/window', '1:78', '1 to']],
  [
    tool('{"rate_limit":{"max":1,"window":"60"}}'),
    ['/tools/t/rate_limit/window', '1:78', '', '60'],
  ],
  [tool('{"approval":{"timeout":"10"}}'), ['/tools/t/approval/timeout', '1:69', '`30s`']],
  [tool('{"approval":{"timeout":"0m"}}'), ['/tools/t/approval/timeout', '1:69', 'found `0m`']],
  [tool('{"approval":{"quorum":0}}'), ['/tools/t/approval/quorum', '1:68', 'at least 1']],
  [tool('{"approval":{"approvers":[]}}'), ['/tools/t/approval/approvers', '1:71', 'not empty']],
  [tool('{"arguments":5}'), ['/tools/t/arguments', '1:59', 'JSON Schema']],
  [tool('{"arguments":{"type":"strin"}}'), ['/tools/t/arguments', '1:59', 'JSON Schema']],
  [tool('{"arguments":{"a":1,"a":2}}'), ['/tools/t/arguments/a', '1:66', 'here twice']],
  [limit('"window":"minute","max":-1,"scope":"grant"'), ['/tools/t/limits/0/max', '1:96', '`-1`']],
  [limit('"window":"minute","max":1.5,"scope":"grant"'), ['/tools/t/limits/0/max', '1:96', '']],
  [limit('"window":"minute","max":"10","scope":"grant"'), ['/tools/t/limits/0/max', '1:96', '']],
  [
    limit('"window":"minute","max":1e400,"scope":"grant"'),
    ['/tools/t/limits/0/max', '1:96', 'large'],
  ],
  [
    limit('"window":"minute","max":9007199254740993,"scope":"grant"'),
    ['/tools/t/limits/0/max', '1:96', 'it would be read as 9007199254740992'],
  ],
  [
    limit('"window":"minute","max":9007199254740992,"scope":"grant"'),
    ['/tools/t/limits/0/max', '1:96', 'expected an integer of at least 0'],
  ],
  [limit('"window":0,"max":1,"scope":"grant"'), ['/tools/t/limits/0/window', '1:81', 'from 1']],
  [
    limit('"window":"minutes","max":1,"scope":"grants"'),
    ['/tools/t/limits/0/window', '1:81', 'found `minutes`', 'did you mean `minute`?'],
    ['/tools/t/limits/0/scope', '1:107', 'found `grants`', 'did you mean `grant`?'],
  ],
  [
    limit('"windw":"minute","scope":"grant"'),
    ['/tools/t/limits/0', '1:57', '`window` is missing'],
    ['/tools/t/limits/0', '1:57', '`max` is missing'],
    ['/tools/t/limits/0/windw', '1:72', '', 'did you mean `window`?'],
  ],
  [limit('"window":60,"max":1'), ['/tools/t/limits/0', '1:57', '`scope` is missing']],
  [
    limit('"window":60,"max":1,"scope":"grant","cost":-1'),
    ['/tools/t/limits/0/cost', '1:115', 'a number of at least 0, found `-1`'],
  ],
  [
    limit('"window":60,"max":1,"scope":"grant","cost":"args.a[*]"'),
    ['/tools/t/limits/0/cost', '1:115', 'many values'],
  ],
  [
    limit('"window":60,"max":1,"scope":"grant","cost":"tool.name"'),
    ['/tools/t/limits/0/cost', '1:115', 'never a number'],
  ],
  [
    limit('"window":60,"max":1,"scope":"grant","cost":1,"increment_from":"args.a"'),
    ['/tools/t/limits/0/increment_from', '1:134', 'read as `cost`'],
  ],
  [
    limit('"window":60,"max":1,"scope":"grant","align":"calendar"'),
    ['/tools/t/limits/0/align', '1:116', '`calendar` needs'],
  ],
  [
    limit('"window":60,"concurrent":1,"scope":"grant"'),
    ['/tools/t/limits/0/window', '1:81', '`window` does not go with `concurrent`'],
  ],
  [limit('"concurrent":true,"scope":"grant"'), ['/tools/t/limits/0', '1:57', '`max` is missing']],
  [limit('"concurrent":2,"max":2,"scope":"grant"'), ['/tools/t/limits/0/max', '1:93', 'already']],
  [limit('"concurrent":false,"scope":"grant"'), ['/tools/t/limits/0/concurrent', '1:85', 'true']],
  [condition('"path":"args.a","value":1'), ['/tools/t/deny_if/0', '1:58', '`op` is missing']],
  [condition('"path":"args.a","op":"gt"'), ['/tools/t/deny_if/0', '1:58', '`value` is missing']],
  [
    condition('"path":"args.a","op":"gth","value":1'),
    ['/tools/t/deny_if/0/op', '1:80', 'found `gth`', 'did you mean `gt`?'],
  ],
  [condition('"conditions":[],"op":"gt"'), ['/tools/t/deny_if/0/op', '1:75', 'unknown key `op`']],
  [
    condition('"path":"amount","op":"gt","value":1'),
    ['/tools/t/deny_if/0/path', '1:66', 'no known root', 'write `args.amount`'],
  ],
  [
    condition('"path":"arguments.amount","op":"gt","value":1'),
    ['/tools/t/deny_if/0/path', '1:66', 'no known root', 'write `args.amount`'],
  ],
  [
    condition('"path":"tool.nam","op":"eq","value":1'),
    ['/tools/t/deny_if/0/path', '1:66', 'no known root', 'did you mean `tool.name`?'],
  ],
  [
    condition('"path":"args.a..b","op":"gt","value":1'),
    ['/tools/t/deny_if/0/path', '1:66', 'a name is missing'],
  ],
  [
    condition('"path":"args.a[x]","op":"gt","value":1'),
    ['/tools/t/deny_if/0/path', '1:66', 'is no step'],
  ],
  [
    condition('"path":"tool.name.x","op":"gt","value":1'),
    ['/tools/t/deny_if/0/path', '1:66', 'nothing is inside'],
  ],
  [value('gt', '"5"'), ['/tools/t/deny_if/0/value', '1:93', '`gt` expects a number']],
  [value('in', '5'), ['/tools/t/deny_if/0/value', '1:93', '`in` expects a list']],
  [value('exists', '1'), ['/tools/t/deny_if/0/value', '1:97', '`true` or `false`']],
  [value('length_lte', '-1'), ['/tools/t/deny_if/0/value', '1:101', 'integer']],
  [value('regex', '"("'), ['/tools/t/deny_if/0/value', '1:96', '`regex` expects']],
  [value('not_regex', '"(?=a)"'), ['/tools/t/deny_if/0/value', '1:100', '`not_regex` expects']],
  [value('path_within', '[]'), ['/tools/t/deny_if/0/value', '1:102', '`path_within` expects']],
  [value('sql_only', '["slect"]'), ['/tools/t/deny_if/0/value', '1:99', '`sql_only` expects']],
  [value('eq', '9007199254740993'), ['/tools/t/deny_if/0/value', '1:93', 'exactly']],
  [value('eq', '{"a":{"a":1,"a":1}}'), ['/tools/t/deny_if/0/value/a/a', '1:105', 'twice']],
  [
    tool(
      '{"limits":[{"counter":"c","window":60,"max":1,"scope":"grant"},' +
        '{"counter":"c","window":"hour","max":1,"scope":"grant"}]}',
    ),
    ['/tools/t/limits/1', '1:109', 'counts by', 'make window, alignment and scope alike'],
  ],
  [
    `${head},"tools":{"t":{"limits":[{"counter":"t_rate","window":60,"max":1,"scope":"grant"}],` +
      '"rate_limit":{"max":1,"window":60}}}}',
    ['/tools/t/rate_limit', '1:128', 'counter `t_rate`'],
  ],
  [
    `${head},"all_tools":{"limits":[{"counter":"x_rate","window":60,"max":1,"scope":"grant"}]},` +
      '"categories":{"Read":{"rate_limit":{"max":1,"window":60}}}}',
    ['/categories/Read/rate_limit', '1:150', 'counter `x_rate`'],
  ],
];

for (const [text, ...expected] of bad) {
  test(`refuses ${text.slice(0, 120)}`, () => {
    const parsed = parsePolicy(text);
    assert.equal(parsed.ok, false);
    const problems = parsed.ok ? [] : parsed.error;
    assert.deepEqual(
      problems.map((each) => `${each.pointer} ${each.line}:${each.column}`),
      expected.map(([pointer, place]) => `${pointer} ${place}`),
      JSON.stringify(problems, null, 1),
    );
    for (const [index, [, , message, hint]] of expected.entries()) {
      assertSays(problems[index], message, hint ?? '');
    }
  });
}

function assertSays(problem: PolicyProblem | undefined, message: string, hint: string): void {
  assert.ok(problem !== undefined);
  assert.ok(problem.message.includes(message), JSON.stringify(problem));
  assert.ok((problem.hint ?? '').includes(hint), JSON.stringify(problem));
}

/** Documents that existing users have, and forms that must stay allowed. */
const good: readonly string[] = [
  `${head}}`,
  `${head},"tools":{"calendar.search":{}}}`,
  `${head},"tools":{"*":{},"admin_*":{},"constructor":{},"a/b~c":{},"":{}}}`,
  `${head},"tools":{"book_appointment":{"limits":[{"counter":"book_appointment_rate","window":"minute","max":10,"scope":"grant"}]}}}`,
  `${head},"tools":{"create_session":{"limits":[{"counter":"create_session_rate","window":"minute","max":30,"scope":"grant"}]}}}`,
  `${head},"tools":{"create_callendar_contact_link":{"limits":[{"counter":"create_callendar_contact_link_rate","window":"minute","max":30,"scope":"grant"}]}}}`,
  tool('{"action":"deny","reason":"no"}'),
  tool('{"rate_limit":{"max":10,"window":60}}'),
  tool('{"deny_if":[{"conditions":[],"on_deny":"not today"}]}'),
  tool('{"deny_if":[{"conditions":[],"on_deny":""}],"reason":""}'),
  `${head},"hide":["*","delete_account"]}`,
  limit('"window":"day","max":0,"scope":"principal","cost":"args.amount","on_deny":"spent"'),
  limit('"window":"day","max":5,"scope":"principal","increment_from":"args.amount"'),
  limit('"concurrent":3,"scope":"server"'),
  limit('"concurrent":true,"max":3,"scope":"everyone"'),
  limit('"window":1e9,"max":1,"scope":"grant"').replace('1e9', '3e7'),
  value('eq', '1e2'),
  value('eq', '0.0'),
  value('eq', '0'),
  value('in', '[]'),
  value('lt', '1e18'),
  tool('{"arguments":{"properties":{"id":{"maximum":9223372036854775807}}}}'),
  condition('"path":"args[\\"a.b\\"][0][*].$x","op":"exists","value":true'),
  condition('"path":"session.labels[*]","op":"eq","value":"x"'),
  condition('"path":"args","op":"length_lte","value":3'),
];

for (const text of good) {
  test(`loads ${text.slice(0, 140)}`, () => {
    const parsed = parsePolicy(text);
    assert.ok(parsed.ok, JSON.stringify(parsed));
    assert.deepEqual(parsed.value, JSON.parse(text));
    assert.ok(compilePolicy(parsed.value).ok);
    const printed = printPolicy(parsed.value);
    assert.equal(printed, `${JSON.stringify(JSON.parse(text), null, 2)}\n`);
    assert.deepEqual(parsePolicy(printed), parsed);
  });
}

test('a document that a program made is checked when it is compiled', () => {
  const limits = [{ counter: 'c', max: 1, scope: 'grant' as const }];
  const document: PolicyDocument = { version: '1', default: 'deny', tools: { t: { limits } } };
  const compiled = compilePolicy(document);
  const problems = compiled.ok ? [] : compiled.error;
  assert.deepEqual(problems, [
    {
      pointer: '/tools/t/limits/0',
      line: 7,
      column: 9,
      message: '`window` is missing',
      hint: null,
    },
  ]);
});

test('twenty thousand problems are found in reasonable time', () => {
  const rules = Array.from({ length: 20_000 }, (_, index) => `"t${index}":{"x":1}`);
  const parsed = parsePolicy(`${head},"tools":{${rules.join(',\n')}}}`);
  const problems = parsed.ok ? [] : parsed.error;
  assert.equal(problems.length, 20_000);
  assert.equal(problems.at(-1)?.line, 20_000);
});

test('a path is as long as its bounds, and no longer', () => {
  const parsed = (path: string): boolean => {
    const predicate = { path, op: 'exists', value: true };
    const rule = { tools: { t: { require: [predicate] } } };
    return parsePolicy(JSON.stringify({ version: '1', default: 'deny', ...rule })).ok;
  };
  const long = (length: number): string => `args.${'a'.repeat(length - 5)}`;
  assert.deepEqual([parsed(long(1024)), parsed(long(1025))], [true, false]);
  const deep = (steps: number): string => `args${'.a'.repeat(steps)}`;
  assert.deepEqual([parsed(deep(32)), parsed(deep(33))], [true, false]);
});

test('quotes are blamed only where they are the mistake', () => {
  for (const written of ['"yes"', '"1"', 'null', '[]']) {
    const parsed = parsePolicy(`${head},"hide_denied":${written}}`);
    assert.ok(!parsed.ok);
    assert.deepEqual(
      parsed.error.map(({ pointer, hint }) => [pointer, hint]),
      [['/hide_denied', null]],
    );
  }
});
