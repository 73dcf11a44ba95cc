import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { scanJson } from '../base/strict-json.ts';
import { aggregatedName, definitionOf, editToolList, isToolName, readToolList } from './tool.ts';
import type { ToolChoice, ToolEntry, ToolList } from './tool.ts';

const LIMITS = { bytesMax: 1e7, depthMax: 64, valuesMax: 1e6, stringMax: 1e6 };

function read(text: string): ReturnType<typeof readToolList> {
  const scanned = scanJson(new TextEncoder().encode(text), LIMITS);
  assert(scanned.ok, text);
  return readToolList(scanned.value);
}

function list(text: string): ToolList {
  const result = read(text);
  assert(result.ok, JSON.stringify(result));
  return result.value;
}

function edited(
  text: string,
  choose: (tool: ToolEntry) => ToolChoice,
  max: number | null = null,
): string {
  return new TextDecoder().decode(editToolList(list(text), { choose, cacheTtlMsMax: max }));
}

const A = '{"name":"a","inputSchema":{"type":"object"},"x":1.0}';
const B = '{ "description":"é" , "name" : "b\\u0062" }';
const C = '{"name":"c","annotations":{"name":"no"}}';

function answer(tools: string, rest = ''): string {
  return ` {"jsonrpc":"2.0","id":1.50,"result":{"tools":[${tools}]${rest}}} `;
}

test('each tool is found in its place', () => {
  const text = answer(`${A}, ${B}\n,${C}`, ',"nextCursor":""');
  const found = list(text);
  assert.deepEqual(
    found.tools.map((tool) => tool.name),
    ['a', 'bb', 'c'],
  );
  assert.deepEqual(
    found.tools.map((tool) => text.slice(tool.span.start, tool.span.end)),
    [A, B, C],
  );
  assert.deepEqual(
    found.tools.map((tool) => text.slice(tool.nameSpan.start, tool.nameSpan.end)),
    ['"a"', '"b\\u0062"', '"c"'],
  );
  const [first] = found.tools;
  assert.ok(first !== undefined);
  assert.deepEqual(definitionOf(found, first), {
    name: 'a',
    inputSchema: { type: 'object' },
    x: 1,
  });
  assert.equal(found.nextCursor, '');
  assert.equal(list(answer('')).nextCursor, null);
  assert.equal(list(answer('', ',"nextCursor":null')).nextCursor, null);
  assert.deepEqual([...list(answer(`${A},${C},${A}`)).duplicated], ['a']);
  const odd = list(answer('{"name":"a b"},{"name":""},{"name":"a.b/c-d_e"}')).tools;
  assert.deepEqual(
    odd.map((tool) => tool.wellNamed),
    [false, false, true],
  );
});

test('what is no list of tools is told', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['[]', 'not-a-result'],
    ['{}', 'not-a-result'],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":1}}', 'not-a-result'],
    ['{"result":[]}', 'not-a-result'],
    ['{"result":{}}', 'tools-missing'],
    ['{"result":{"tools":{}}}', 'tools-missing'],
    ['{"result":{"tools":null}}', 'tools-missing'],
    [`{"result":{"tools":[${'{"name":"a"},'.repeat(2_000)}{"name":"a"}]}}`, 'too-many-tools'],
    ['{"result":{"tools":[1]}}', 'tool-invalid'],
    ['{"result":{"tools":[[]]}}', 'tool-invalid'],
    ['{"result":{"tools":[{}]}}', 'tool-invalid'],
    ['{"result":{"tools":[{"name":["a"]}]}}', 'tool-invalid'],
    ['{"result":{"tools":[{"name":null}]}}', 'tool-invalid'],
    ['{"result":{"tools":[{"name":"a","Name":"b"}]}}', 'tool-invalid'],
    ['{"result":{"tools":[{"name":"a","InputSchema":{}}]}}', 'tool-invalid'],
    ['{"result":{"tools":[],"nextCursor":5}}', 'next-cursor-invalid'],
    ['{"result":{"tools":[],"Tools":[]}}', 'member-variant'],
    ['{"result":{"tools":[],"NextCursor":"x"}}', 'member-variant'],
    ['{"result":{"tools":[]},"Result":{"tools":[]}}', 'member-variant'],
  ];
  for (const [text, problem] of cases) {
    const result = read(text);
    assert.equal(result.ok ? null : result.error, problem, text);
  }
});

test('tools go and are renamed, the rest stays byte for byte', () => {
  const text = answer(`${A}, ${B}\n,${C}`, ',"nextCursor":"x\\u0061"');
  const cases: readonly (readonly [choices: Record<string, ToolChoice>, tools: string])[] = [
    [{}, `${A}, ${B}\n,${C}`],
    [{ a: false }, `${B}\n,${C}`],
    [{ bb: false }, `${A}\n,${C}`],
    [{ c: false }, `${A}, ${B}`],
    [{ a: false, bb: false }, C],
    [{ a: false, c: false }, B],
    [{ bb: false, c: false }, A],
    [{ a: false, bb: false, c: false }, ''],
    [{ a: 's__a' }, `${A.replace('"a"', '"s__a"')}, ${B}\n,${C}`],
    [{ a: false, bb: '"q"' }, `${B.replace('"b\\u0062"', '"\\"q\\""')}\n,${C}`],
    [{ bb: 'bb' }, `${A}, ${B}\n,${C}`],
  ];
  for (const [choices, tools] of cases) {
    const out = edited(text, (tool) => choices[tool.name] ?? true);
    assert.equal(out, answer(tools, ',"nextCursor":"x\\u0061"'), JSON.stringify(choices));
  }
});

test('a list of which nothing changes is the same bytes', () => {
  const found = list(answer(A));
  assert.equal(editToolList(found, { choose: () => true, cacheTtlMsMax: null }), found.text.bytes);
});

test('an answer that differs by grant is private and short-lived', () => {
  const cases: readonly (readonly [before: string, after: string])[] = [
    [',"ttlMs":60000,"cacheScope":"public"', ',"ttlMs":5000,"cacheScope":"private"'],
    [',"ttlMs":10,"cacheScope":"private"', ',"ttlMs":10,"cacheScope":"private"'],
    [',"cacheScope":{"a":1},"ttlMs":"x"', ',"cacheScope":"private","ttlMs":0'],
    [',"cacheScope":null,"ttlMs":-5', ',"cacheScope":"private","ttlMs":0'],
    [',"cacheScope":"public","ttlMs":1e400', ',"cacheScope":"private","ttlMs":5000'],
  ];
  for (const [before, after] of cases) {
    assert.equal(
      edited(answer(A, before), () => true, 5000),
      answer(A, after),
      before,
    );
  }
  const added = edited(answer(A), () => true, 5000);
  assert.equal(added, answer(A).replace('"tools"', '"cacheScope":"private","ttlMs":0,"tools"'));
});

test('where a tool is hidden, no other member can show it', () => {
  const before = ` {"x":["c"],"jsonrpc":"2.0","id":1,"result":{"more":[${C}],"tools":[${A},${C}],"all":["c"],"_meta":{"c":1,"io.modelcontextprotocol/serverInfo":{"name":"s"},"d":"c"},"resultType":"complete","z":0},"y":"c"}`;
  const after = ` {"jsonrpc":"2.0","id":1,"result":{"tools":[${A}],"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s"}},"resultType":"complete"}}`;
  assert.equal(
    edited(before, (tool) => tool.name !== 'c'),
    after,
  );
  assert.equal(
    edited(before, () => true),
    before,
  );
  const both = edited(`{"result":{"q":1,"tools":[${C}]}}`, () => false, 7);
  assert.equal(both, '{"result":{"cacheScope":"private","ttlMs":0,"tools":[]}}');
});

test('any choice of any list gives exactly the chosen tools', () => {
  const space = fc.constantFrom('', ' ', '\n\t');
  const entry = fc.tuple(
    space,
    fc.jsonValue({ maxDepth: 1 }),
    space,
    fc.constantFrom<ToolChoice>(true, false, 'é"'),
  );
  const property = fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
    const tools = entries.map(([before, extra, after], n) => {
      const definition = JSON.stringify({ extra, name: `t${n}` }).replaceAll('__proto__', 'p');
      return `${before}${definition}${after}`;
    });
    const choices = entries.map(([, , , choice]) => choice);
    const out = list(
      edited(
        answer(tools.join(','), ',"nextCursor":"n"'),
        (tool) => choices[Number(tool.name.slice(1))] ?? true,
      ),
    );
    const expected = choices.flatMap((choice, n) =>
      choice === false ? [] : [choice === true ? `t${n}` : choice],
    );
    assert.deepEqual(
      out.tools.map((tool) => tool.name),
      expected,
    );
    assert.equal(out.nextCursor, 'n');
  });
  fc.assert(property, { numRuns: 1000 });
});

test('names of tools', () => {
  const good = ['a', 'calendar.search', 'a/b', 'A-b_c.d/e', 'x'.repeat(128)];
  const bad = ['', 'x'.repeat(129), 'a b', 'a\n', 'é', 'a\u200b', 'a:b', '*', 'a,b', '%64'];
  for (const name of good) assert.equal(isToolName(name), true, name);
  for (const name of bad) assert.equal(isToolName(name), false, JSON.stringify(name));
});

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

test('aggregated names are short, plain, stable and unlike each other', () => {
  const pairs: readonly (readonly [string, string, plain: boolean])[] = [
    ['files', 'read', true],
    ['files', '_read', true],
    ['my-files', 'read-all', true],
    ['files', 'read_file', true],
    ['a', 'b__c', true],
    ['a__b', 'c', false],
    ['a_', 'b', false],
    ['files', 'calendar.search', false],
    ['files', 'calendar/search', false],
    ['files', 'calendar_search', true],
    ['fi.les', 'x', false],
    ['files', 'x'.repeat(57), true],
    ['files', 'x'.repeat(58), false],
    ['files', `${'x'.repeat(58)}y`, false],
    ['files', 'é', false],
    ['files', '', false],
    ['', 'x', false],
    ['files', 'x_0123456789ab', false],
  ];
  const names = pairs.map(([server, tool, plain]) => {
    const name = aggregatedName(server, tool, sha256Hex);
    assert.match(name, /^[a-zA-Z0-9_-]{1,64}$/, `${server} ${tool}`);
    assert.equal(name === `${server}__${tool}`, plain, `${server} ${tool}`);
    assert.equal(name, aggregatedName(server, tool, sha256Hex));
    return name;
  });
  assert.equal(new Set(names).size, names.length);
});

test('distinct pairs have distinct names', () => {
  const part = fc.string({
    unit: fc.constantFrom('a', '_', '__', '.', '/'),
    minLength: 1,
    maxLength: 6,
  });
  const pairs = fc.array(fc.tuple(part, part), { maxLength: 40 });
  const property = fc.property(pairs, (list) => {
    const distinct = new Map(list.map((pair) => [JSON.stringify(pair), pair]));
    const names = [...distinct.values()].map(([s, t]) => aggregatedName(s, t, sha256Hex));
    assert.equal(new Set(names).size, distinct.size);
  });
  fc.assert(property, { numRuns: 500 });
});
