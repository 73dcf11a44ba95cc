import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptPin, pinTools, type Pinning, type SeenTool } from './pin.ts';
import { isOutdated, kindOf, withOverride } from './override.ts';
import { pinnedTools } from './pinned-tools.ts';
import type { PinOverride, PinRow } from './registry-store.ts';

function seen(name: string, changes: Readonly<Record<string, unknown>> = {}): SeenTool {
  const definition = JSON.stringify({ name, description: `does ${name}`, ...changes });
  return { name, definition, digest: `digest of ${definition}`, category: 'Read', risk: 'Low' };
}

function pinning(previous: readonly PinRow[], tools: readonly SeenTool[], nowMs = 1): Pinning {
  const pinned = pinTools({ server: 's', previous, seen: tools, nowMs });
  assert.ok(pinned.ok);
  return pinned.value;
}

function first(...tools: SeenTool[]): readonly PinRow[] {
  return pinning([], tools).rows;
}

/** tool -> reason, or `pinned`. */
function states(rows: readonly PinRow[]): Readonly<Record<string, string>> {
  return Object.fromEntries(rows.map((row) => [row.tool, row.reason ?? row.state]));
}

test('the first list is pinned as it is', () => {
  const { rows, changed, gone } = pinning([], [seen('a'), seen('b')]);
  assert.deepEqual(states(rows), { a: 'pinned', b: 'pinned' });
  assert.deepEqual(changed, rows);
  assert.deepEqual(gone, []);
  const { digest, definition, category, risk } = seen('a');
  assert.deepEqual(rows[0]?.reviewed, { digest, definition, category, risk });
});

test('the same list again changes nothing', () => {
  const rows = first(seen('a'), seen('b'));
  const again = pinning(rows, [seen('b'), seen('a')], 99);
  assert.deepEqual(again, { rows, changed: [], gone: [] });
});

const later: readonly (readonly [string, readonly SeenTool[], Readonly<Record<string, string>>])[] =
  [
    ['a new tool', [seen('a'), seen('b')], { a: 'pinned', b: 'new tool' }],
    [
      'a changed description',
      [seen('a', { description: 'x' })],
      { a: 'definition changed: description' },
    ],
    [
      'several changes',
      [seen('a', { description: 'x', inputSchema: {}, annotations: {} })],
      { a: 'definition changed: annotations, description, inputSchema' },
    ],
    ['a vanished tool', [], { a: 'pinned' }],
    [
      'a tool named twice, once as reviewed',
      [seen('a'), seen('a', { description: 'x' })],
      { a: 'the list names this tool twice' },
    ],
    [
      'a twin in another case',
      [seen('a'), seen('A')],
      { a: 'pinned', A: 'the name can be taken for `a`' },
    ],
    [
      'a full-width twin',
      [seen('a'), seen('ａ')],
      { a: 'pinned', ａ: 'the name has characters other than A-Z a-z 0-9 _ . / -' },
    ],
  ];
for (const [name, tools, expected] of later) {
  test(`a later list: ${name}`, () => {
    assert.deepEqual(states(pinning(first(seen('a')), tools).rows), expected);
  });
}

test('what vanished is named, stays, and is pinned when it comes back', () => {
  const { rows, gone, changed } = pinning(first(seen('a'), seen('b')), [seen('a')]);
  assert.deepEqual([gone, changed], [['b'], []]);
  assert.deepEqual(states(pinning(rows, [seen('b')]).rows), { a: 'pinned', b: 'pinned' });
});

test('a definition that changes and changes back is pinned again', () => {
  const changed = pinning(first(seen('a')), [seen('a', { x: 1 })], 7).rows;
  assert.equal(changed[0]?.state, 'quarantined');
  assert.equal(changed[0]?.seenMs, 7);
  assert.equal(changed[0]?.reviewed?.digest, seen('a').digest);
  assert.deepEqual(states(pinning(changed, [seen('a')]).rows), { a: 'pinned' });
});

test('a change is compared with what was reviewed, not with what was seen last', () => {
  const once = pinning(first(seen('a')), [seen('a', { x: 1 })]).rows;
  const twice = pinning(once, [seen('a', { y: 1 })]).rows;
  assert.deepEqual(states(twice), { a: 'definition changed: y' });
});

test('a reviewed tool keeps the category that was reviewed', () => {
  const rows = first(seen('a'));
  const again = pinning(rows, [{ ...seen('a'), category: 'Unclassified', risk: 'High' }]);
  assert.deepEqual(again.rows, rows);
});

test('what a person accepted is pinned from then on, until it changes', () => {
  const waiting = pinning(first(seen('a')), [seen('a'), seen('b')]).rows;
  const accepted = waiting.map((row) => (row.tool === 'b' ? acceptPin(row, 'Write', 'High') : row));
  const again = pinning(accepted, [seen('a'), seen('b')]);
  assert.deepEqual(states(again.rows), { a: 'pinned', b: 'pinned' });
  assert.deepEqual(again.rows[1]?.category, 'Write');
  const changed = pinning(again.rows, [seen('a'), seen('b', { x: 1 })]);
  assert.deepEqual(states(changed.rows)['b'], 'definition changed: x');
});

// B-056, B-068, B-073: even the first list is not trusted with these.
const odd: readonly (readonly [string, readonly SeenTool[], Readonly<Record<string, string>>])[] = [
  ['twice the same', [seen('a'), seen('a')], { a: 'the list names this tool twice' }],
  [
    'twins',
    [seen('Get'), seen('get')],
    { Get: 'the name can be taken for `get`', get: 'the name can be taken for `Get`' },
  ],
  ...(
    [
      ['return_it', 'retum_it'],
      ['fill', 'fi11'],
      ['kill', 'kiIl'],
      ['go', 'g0'],
      ['get_user', 'get-user'],
      ['learn-1O', 'leam_i0'],
    ] as const
  ).map(
    ([one, other]) =>
      [
        `${one} beside ${other}`,
        [seen(one), seen(other), seen('another')],
        {
          [one]: `the name can be taken for \`${other}\``,
          [other]: `the name can be taken for \`${one}\``,
          another: 'pinned',
        },
      ] as const,
  ),
  ['a space', [seen('a b')], { 'a b': 'the name has characters other than A-Z a-z 0-9 _ . / -' }],
  ['an empty name', [seen('')], { '': 'the name has characters other than A-Z a-z 0-9 _ . / -' }],
  [
    'a line feed at the end',
    [seen('a\n')],
    { 'a\n': 'the name has characters other than A-Z a-z 0-9 _ . / -' },
  ],
  [
    'too long a name',
    [seen('a'.repeat(129))],
    { ['a'.repeat(129)]: 'the name has characters other than A-Z a-z 0-9 _ . / -' },
  ],
  [
    'too long a definition',
    [seen('a', { description: 'x'.repeat(65_536) })],
    { a: 'the definition is longer than 65536 bytes' },
  ],
];
for (const [name, tools, expected] of odd) {
  test(`the first list: ${name}`, () => {
    assert.deepEqual(states(first(...tools)), expected);
  });
}

test('a tool that is accepted in spite of its name is pinned; one that is too long never is', () => {
  const tools = [seen('a b'), seen('long', { description: 'x'.repeat(65_536) })];
  const accepted = first(...tools).map((row) => acceptPin(row, 'Read', 'Low'));
  assert.deepEqual(states(pinning(accepted, tools).rows), {
    'a b': 'pinned',
    long: 'the definition is longer than 65536 bytes',
  });
});

test('names of objects are names of tools', () => {
  const names = ['constructor', '__proto__', 'toString'];
  const rows = first(...names.map((name) => seen(name)));
  assert.deepEqual(
    rows.map((row) => [row.tool, row.state]),
    names.map((name) => [name, 'pinned']),
  );
});

test('a list of more than 2,000 tools is refused whole', () => {
  const tools = (from: number, to: number): SeenTool[] =>
    Array.from({ length: to - from }, (_, index) => seen(`t${from + index}`));
  const ask = (previous: readonly PinRow[], list: readonly SeenTool[]) =>
    pinTools({ server: 's', previous, seen: list, nowMs: 1 });
  const problem = { code: 'too-many-tools', count: 2_001, max: 2_000 };
  assert.deepEqual(ask([], tools(0, 2_001)), { ok: false, error: problem });
  const one = pinning([], tools(0, 2_000)).rows;
  const two = pinning(one, tools(2_000, 4_000)).rows;
  assert.equal(two.length, 4_000);
  assert.equal(ask(two, tools(4_000, 4_001)).ok, false);
});

test('a snapshot takes the schema from the definition, and quarantines what is not the tool', () => {
  const inputSchema = { type: 'object', required: ['path'] };
  const rows = first(seen('a', { inputSchema }), seen('b'), seen('c'), seen('d'), seen('e'));
  const broken = rows.map((row) => {
    if (row.tool === 'c') return { ...row, definition: '{' };
    if (row.tool === 'd') return { ...row, definition: '["d"]' };
    return row.tool === 'e' ? { ...row, definition: '{"name":"a"}' } : row;
  });
  const tools = pinnedTools(broken);
  assert.deepEqual(tools.get('a'), {
    name: 'a',
    state: 'pinned',
    category: 'Read',
    risk: 'Low',
    inputSchema,
    digest: rows[0]?.digest,
  });
  const told = [...tools.values()].map((tool) => [
    tool.name,
    tool.state,
    tool.inputSchema !== null,
  ]);
  assert.deepEqual(told, [
    ['a', 'pinned', true],
    ['b', 'pinned', false],
    ['c', 'quarantined', false],
    ['d', 'quarantined', false],
    ['e', 'quarantined', false],
  ]);
});

const said: PinOverride = {
  category: 'Write',
  risk: 'High',
  reason: 'it writes a file',
  actor: 'person:anna',
  atMs: 5,
  digest: seen('a').digest,
};

test('what a person said holds through every list, and stands apart from the classifier', () => {
  const rows = first(seen('a'), seen('b')).map((row) =>
    row.tool === 'a' ? withOverride(row, said) : row,
  );
  const again = pinning(rows, [seen('a'), seen('b')]);
  assert.deepEqual(again.changed, []);
  const [row] = again.rows;
  assert.ok(row !== undefined);
  assert.deepEqual([row.category, row.risk, row.override], ['Read', 'Low', said]);
  assert.deepEqual(kindOf(row), { category: 'Write', risk: 'High' });
  assert.equal(pinnedTools(again.rows).get('a')?.category, 'Write');
  const back = withOverride(row, null);
  assert.deepEqual([kindOf(back), 'override' in back], [{ category: 'Read', risk: 'Low' }, false]);
});

// What the classifier says of a changed definition, what a person said of the one before, what holds.
const outdated: readonly (readonly [PinRow['category'], PinRow['category'], PinRow['category']])[] =
  [
    ['Execute', 'Read', 'Execute'],
    ['Read', 'Write', 'Write'],
    ['Unclassified', 'Execute', 'Unclassified'],
    ['Unclassified', 'Destructive', 'Destructive'],
    ['Financial', 'Destructive', 'Financial'],
  ];
for (const [category, word, expected] of outdated) {
  test(`a word on another definition: ${word} said, ${category} now: ${expected} holds`, () => {
    const changed = { ...seen('a', { description: 'x' }), category, risk: 'Medium' } as const;
    const rows = first(seen('a')).map((row) => withOverride(row, { ...said, category: word }));
    const [row] = pinning(rows, [changed]).rows;
    assert.ok(row !== undefined);
    assert.equal(row.override?.category, word, 'it is kept');
    assert.equal(isOutdated(row), true);
    assert.deepEqual(kindOf(row), { category: expected, risk: 'High' });
    const accepted = acceptPin(row, row.category, row.risk);
    assert.deepEqual(kindOf(accepted), { category: expected, risk: 'High' });
    const [before] = pinning([accepted], [seen('a')]).rows;
    assert.ok(before !== undefined);
    assert.equal(isOutdated(before), false, 'of that definition it was said');
  });
}

test('a word on a tool is not one on the tool of another server of that name', () => {
  const rows = first(seen('a')).map((row) => withOverride(row, said));
  const moved = pinTools({ server: 's', previous: rows, seen: [seen('a')], nowMs: 1, moved: true });
  assert.ok(moved.ok);
  assert.equal(moved.value.rows[0]?.override, undefined);
  assert.equal(moved.value.changed.length, 1);
});
