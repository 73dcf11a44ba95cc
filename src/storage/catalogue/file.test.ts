import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { noIdentity, type Recording } from '../../catalogue/catalogue-store.ts';
import type { Search } from '../../catalogue/entry.ts';
import { CatalogueFile } from './file.ts';
import { openCatalogue } from './thread.ts';

const reading = (name: string, tools: Recording['observation']['tools'], atMs = 1): Recording => ({
  observation: {
    name,
    version: '1',
    instructions: null,
    posture: {
      transport: 'file',
      where: 'x',
      encrypted: null,
      credentials: null,
      protocolVersion: null,
      asks: [],
    },
    tools,
  },
  source: 'import',
  identity: noIdentity,
  atMs,
});
const asked = (text: string, rest: Partial<Search> = {}): Search => ({
  text,
  category: null,
  risk: null,
  offset: 0,
  limit: 20,
  ...rest,
});

test('what is recorded is found by words of name, description and server', () => {
  const file = new CatalogueFile(':memory:');
  file.record([
    reading('Notes & more', [
      { name: 'createNote', description: 'Creates a note' },
      { name: 'delete note/all', description: 'Deletes every note' },
      { name: '查询天气', description: '获取城市天气预报' },
    ]),
    reading('Café', [{ name: 'search', description: 'Searches the menu' }]),
  ]);
  assert.deepEqual(file.searchTools(asked('note')).total, 0);
  assert.equal(file.status().pending, 4);
  assert.equal(file.feed(), 0);
  const cases: readonly (readonly [Search, readonly string[]])[] = [
    [asked('note'), ['createNote', 'delete note/all', '查询天气']],
    [asked('every note'), ['delete note/all']],
    [asked('not'), ['createNote', 'delete note/all', '查询天气']],
    [asked('create'), ['createNote']],
    [asked('天气'), ['查询天气']],
    [asked('cafe search'), ['search']],
    [asked('note" OR "search'), []],
    [asked('***'), []],
    [asked('', { category: 'Destructive' }), ['delete note/all']],
    [asked('note', { risk: 'Medium' }), ['createNote']],
  ];
  for (const [search, names] of cases) {
    const found = file.searchTools(search);
    assert.deepEqual(found.items.map(({ name }) => name).toSorted(), names.toSorted(), search.text);
    assert.equal(found.total, names.length);
  }
  file.close();
});

test('every difference between two readings is on the feed, once', () => {
  const file = new CatalogueFile(':memory:');
  const first = [
    { name: 'keep', description: 'Gets a thing' },
    { name: 'turns', description: 'Gets a thing' },
    { name: 'old_name', description: 'Lists things' },
    { name: 'leaves', description: 'Counts things' },
  ];
  const second = [
    { description: 'Gets a thing', name: 'keep' },
    { name: 'turns', description: 'Deletes a thing' },
    { name: 'new_name', description: 'Lists things' },
    { name: 'arrives', description: 'Reads things' },
  ];
  file.record([reading('s', first, 1)]);
  file.record([reading('s', second, 2)]);
  file.record([reading('s', second, 3)]);
  const lines = file.changes({ server: 's', sinceMs: 0, limit: 50 });
  assert.deepEqual(
    lines.map(({ kind, tool, atMs }) => [kind, tool?.name ?? null, atMs]),
    [
      ['gone', 'leaves', 2],
      ['new', 'arrives', 2],
      ['renamed', 'new_name', 2],
      ['riskier', 'turns', 2],
      ['server-new', null, 1],
    ],
  );
  assert.equal(
    file.server('s')?.grade.deductions.some(({ why }) => why.includes('riskier')),
    true,
  );
  assert.deepEqual(
    file.tool('s', 'turns')?.history.map(({ kind }) => kind),
    ['riskier'],
  );
  assert.equal(file.tool('s', 'keep')?.changedMs, 1);
  assert.equal(file.tool('s', 'leaves'), null);
  file.close();
});

test('a name listed twice has two entries, and a server its whole policy', () => {
  const file = new CatalogueFile(':memory:');
  file.record([reading('s', [{ name: 'a' }, { name: 'a', description: 'Deletes it' }])]);
  const server = file.server('s');
  assert.deepEqual(
    server?.listed.map(({ slug }) => slug),
    ['a', 'a~2'],
  );
  assert.deepEqual(server?.policy['tools'], { a: { action: 'require_approval' } });
  file.close();
});

test('the thread answers as the file does, and says why when it cannot', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'portcullis-catalogue-'));
  const store = openCatalogue(dir);
  const recorded = await store.record([reading('s', [{ name: 'get_a', description: 'Gets' }])]);
  assert.deepEqual(recorded, { ok: true, value: [{ slug: 's', tools: 1, changes: 0 }] });
  assert.deepEqual(await store.feed(), { ok: true, value: 0 });
  const found = await store.searchTools(asked('get'));
  assert.equal(found.ok && found.value.total, 1);
  await store.close();
  assert.deepEqual(await store.status(), { ok: false, error: 'the catalogue is closed' });

  const nowhere = openCatalogue(join(dir, 'missing'));
  const failed = await nowhere.status();
  assert.match(failed.ok ? '' : failed.error, /ENOENT/);
  await nowhere.close();
  await rm(dir, { recursive: true });
});
