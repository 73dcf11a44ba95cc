import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Hono } from 'hono';

import { loadAttacks } from '../../attacks/load.ts';
import type { LastRun } from '../../attacks/last-run.ts';
import { compilePolicy, parsePolicy } from '../../policy/index.ts';
import type { Snapshot } from '../../registry/snapshot.ts';
import { addAttackPages } from './routes.ts';

const loaded = await loadAttacks();
assert.ok(loaded.ok);
const attacks = loaded.value;

const step = { agent: 'agent', what: 'forge.read_file', outcome: 'ran', rule: '', times: 3 };
const last: LastRun = {
  atMs: Date.UTC(2026, 0, 2, 3, 4),
  version: '0.1.0',
  entries: [
    {
      slug: 'toxic-agent-flow',
      faults: [],
      runs: [
        { way: 'open', harmed: true, worked: false, steps: [{ ...step, arguments: '<script>' }] },
        { way: 'guarded', harmed: false, worked: false, steps: [] },
      ],
    },
  ],
};

function snapshotOf(): Snapshot {
  const parsed = parsePolicy('{"version":"1","default":"allow"}');
  assert.ok(parsed.ok);
  const compiled = compilePolicy(parsed.value);
  assert.ok(compiled.ok);
  const tool = {
    name: 'send_note',
    state: 'pinned',
    category: 'Write',
    risk: 'High',
    inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
    digest: '',
  } as const;
  const read = { ...tool, name: 'read_note', category: 'Read' } as const;
  const config = {
    name: 'notes',
    transport: 'http',
    url: 'http://127.0.0.1/',
    headers: {},
    allowPrivate: true,
  } as const;
  const tools = new Map<string, object>([
    ['send_note', tool],
    ['read_note', read],
  ]);
  // Grants and policies hold more than the pages look at.
  return {
    version: 1,
    servers: new Map([['notes', { config, tools }]]),
    grantsByToken: new Map([['', { policies: { notes: 'open' } }]]),
    policies: new Map([['open', { name: 'open', version: 1, compiled: compiled.value, hash: '' }]]),
    guardrails: [],
  } as unknown as Snapshot;
}

function appOf(lastRun: LastRun | null): Hono {
  const app = new Hono();
  addAttackPages(
    app,
    {
      actorOf: (key) =>
        Promise.resolve(
          key === 'Bearer key' ? { name: 'operator', role: 'admin', session: null } : null,
        ),
      snapshot: snapshotOf,
    },
    { attacks: () => Promise.resolve(attacks), lastRun: () => Promise.resolve(lastRun) },
  );
  return app;
}

const signedIn = { headers: { authorization: 'Bearer key' } };

async function pageOf(app: Hono, path: string): Promise<string> {
  const answer = await app.request(path, signedIn);
  assert.equal(answer.status, 200, path);
  return answer.text();
}

test('nobody who is not signed in reads a page', async () => {
  for (const path of ['/attacks', '/attacks/toxic-agent-flow', '/attacks/none']) {
    const answer = await appOf(null).request(path);
    assert.equal(answer.status, 303, path);
    assert.equal(answer.headers.get('location'), '/sign-in');
  }
});

test('the index lists every entry in each order, and says how the last replay went', async () => {
  for (const by of ['', 'category', 'mcp', 'agentic', 'atlas', 'nonsense']) {
    const page = await pageOf(appOf(last), `/attacks?by=${by}`);
    for (const { slug } of attacks) assert.ok(page.includes(`/attacks/${slug}"`), `${by} ${slug}`);
    assert.match(page, /Last replay: 2026-01-02 03:04 UTC/);
  }
  assert.match(await pageOf(appOf(null), '/attacks'), /Not replayed here yet/);
});

test('every entry has a page, with and without a replay', async () => {
  for (const { slug } of attacks) {
    assert.match(await pageOf(appOf(null), `/attacks/${slug}`), /What is left/);
  }
  const answer = await appOf(null).request('/attacks/none', signedIn);
  assert.equal(answer.status, 404);
});

test('an entry shows its traces, escaped, and what the policies in force do with it', async () => {
  const page = await pageOf(appOf(last), '/attacks/toxic-agent-flow');
  assert.match(page, /The harm was done\./);
  assert.match(page, /The harm was not done\./);
  assert.match(page, /× 3/);
  assert.ok(!page.includes('<script>'));
  assert.match(page, /let through<\/td>\s*<td [^>]*>send_note</);
});

test('an entry, and the report card, lead to a policy of yours with the draft that closes it', async () => {
  const href = '/console/policies/open?server=notes&amp;attack=';
  const entry = await pageOf(appOf(null), '/attacks/toxic-agent-flow');
  assert.ok(entry.includes(`${href}toxic-agent-flow"`));
  const card = await pageOf(appOf(null), '/attacks/report-card');
  assert.ok(card.includes(`${href}all"`));
  assert.match(card, /<strong>\d+<\/strong> let through/);
  const none = await pageOf(appOf(null), '/attacks/report-card?policy=none&server=notes');
  assert.match(none, /Nothing to judge yet/);
});

test('any policy and server can be chosen to apply an entry to', async () => {
  const cases: readonly (readonly [query: string, status: number, location: string | null])[] = [
    ['policy=open&server=notes', 303, '/console/policies/open?server=notes&attack=rug-pull'],
    [
      'policy=a+new+policy&server=notes',
      303,
      '/console/policies/rug-pull?server=notes&attack=rug-pull',
    ],
    [
      'policy=%2F%2Felsewhere&server=notes',
      303,
      '/console/policies/%2F%2Felsewhere?server=notes&attack=rug-pull',
    ],
    ['policy=open&server=other', 404, null],
    ['', 404, null],
  ];
  for (const [query, status, location] of cases) {
    const answer = await appOf(null).request(`/attacks/rug-pull/apply?${query}`, signedIn);
    assert.equal(answer.status, status, query);
    assert.equal(answer.headers.get('location'), location, query);
  }
});
