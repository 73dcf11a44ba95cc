import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { ok } from '../base/result.ts';
import type { CatalogueStore } from '../catalogue/catalogue-store.ts';
import { importFile } from './catalogue-import.ts';

const line = JSON.stringify({ server: 's', tool: 'get_a', description: 'Gets it.' });
const plain = Buffer.from(`${line}\n\nno line\n`);

/** Takes whatever it is given. */
const store = {
  record: (all: readonly unknown[]) =>
    Promise.resolve(ok(all.map(() => ({ slug: 's', tools: 1, changes: 0 })))),
  feed: () => Promise.resolve(ok(0)),
} as unknown as CatalogueStore;

const cases: readonly (readonly [string, string, Uint8Array | null, RegExp | number])[] = [
  ['plain lines', 'a.jsonl', plain, 1],
  ['gzipped lines', 'a.jsonl.gz', gzipSync(plain), 1],
  ['plain lines called gzipped', 'b.jsonl.gz', plain, 1],
  [
    'gzipped lines, cut off',
    'c.jsonl.gz',
    gzipSync(plain).subarray(0, 30),
    /gzipped and damaged \(Z_BUF_ERROR\): pack it again/,
  ],
  ['gzipped lines called plain', 'd.jsonl', gzipSync(plain), 1],
  ['nothing', 'e.jsonl', Buffer.from(''), /no tool in it: it is empty/],
  ['no file', 'none.jsonl', null, /there is no file .*check its name/],
];

for (const [name, file, bytes, expected] of cases) {
  test(`a file is imported, or why not is said: ${name}`, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-import-'));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, file);
    if (bytes !== null) writeFileSync(path, bytes);
    const imported = await importFile(store, path, () => undefined);
    if (typeof expected === 'number') {
      assert.ok(imported.ok, JSON.stringify(imported));
      assert.deepEqual([imported.value.tools, imported.value.skipped], [expected, 1]);
    } else {
      assert.ok(!imported.ok);
      assert.match(imported.error, expected);
    }
  });
}
