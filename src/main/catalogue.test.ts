import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { noIdentity, type CatalogueStore, type Recording } from '../catalogue/catalogue-store.ts';
import { createCalculator } from '../demo/calculator.ts';
import { createCallendar } from '../demo/callendar.ts';
import { createOrchard } from '../demo/orchard/server.ts';
import { createQasperai } from '../demo/qasperai.ts';
import type { DemoServer } from '../demo/server.ts';
import { openCatalogue } from '../storage/catalogue/thread.ts';
import { seedCatalogue } from './catalogue.ts';

const clock = { nowMs: () => 1_790_000_000_000, monotonicMs: () => 0 };
const standIns = [createCallendar(), createQasperai(), createCalculator(), createOrchard(clock)];

/** What the gateway takes in when a stand-in of the demo is registered and read. */
function readingOf({ name, tools }: DemoServer): Recording {
  const posture = {
    transport: 'stdio',
    where: 'node, over stdio',
    encrypted: true,
    credentials: null,
    protocolVersion: '2025-11-25',
    asks: [],
  } as const;
  const listed = tools.map((tool) => ({ ...tool }));
  const observation = { name, version: '1', instructions: null, posture, tools: listed };
  return { observation, source: 'scan', identity: noIdentity, atMs: 1 };
}

const read = (store: CatalogueStore): Promise<unknown> => store.record(standIns.map(readingOf));
const seed = async (store: CatalogueStore): Promise<void> => {
  const seeded = await seedCatalogue(store);
  assert.ok(seeded.ok, JSON.stringify(seeded));
};

const orders: readonly (readonly [string, readonly ((store: CatalogueStore) => unknown)[]])[] = [
  ['read, then seeded', [read, seed]],
  ['seeded, then read', [seed, read]],
  ['read, seeded, seeded again', [read, seed, seed]],
];
for (const [name, steps] of orders) {
  test(`a system of the demo is one server, as it was read here: ${name}`, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-catalogue-'));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const store = openCatalogue(folder);
    context.after(() => store.close());
    for (const step of steps) await step(store);
    for (const standIn of standIns) {
      const found = await store.searchServers({ text: standIn.name, offset: 0, limit: 10 });
      assert.ok(found.ok);
      assert.deepEqual(
        found.value.items.map((item) => [item.name, item.source, item.tools]),
        [[standIn.name, 'scan', standIn.tools.length]],
      );
    }
    const changes = await store.changes({ server: null, sinceMs: 0, limit: 500 });
    assert.ok(changes.ok);
    assert.deepEqual(new Set(changes.value.map(({ kind }) => kind)), new Set(['server-new']));
  });
}
