import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Grant } from '../../src/identity/grant.ts';
import type { PinRow, PolicyVersionRow } from '../../src/registry/registry-store.ts';
import type { Stop } from '../../src/registry/stops.ts';
import { openStores, type StoreOptions, type Stores } from '../../src/storage/open.ts';

/** A place for stores that nothing else uses, and how to clear it away. */
export interface StorePlace {
  readonly options: StoreOptions;
  readonly dispose: () => Promise<void>;
}

/** What every adapter promises. Each case gets a fresh place; nothing is shared between them. */
export function storageContract(adapter: string, place: () => Promise<StorePlace>): void {
  for (const [name, run] of [
    ...grantCases,
    ...pinCases,
    ...policyCases,
    ...stopCases,
    ...raceCases,
  ]) {
    test(`${adapter}: ${name}`, async () => {
      const { options, dispose } = await place();
      const stores = await open(options);
      await run(stores, options);
      await stores.close();
      await dispose();
    });
  }
}

type Case = readonly [string, (stores: Stores, options: StoreOptions) => Promise<void>];

async function open(options: StoreOptions): Promise<Stores> {
  const opened = await openStores(options);
  assert.ok(opened.ok, JSON.stringify(opened));
  return opened.value;
}

/** A grant whose every field is set, with whatever a case is about in place of it. */
export function grant(changes: Partial<Grant> = {}): Grant {
  return {
    id: 'grant_1',
    label: 'ci',
    principal: { id: 'agent:ci', kind: 'agent' },
    servers: ['files', 'constructor'],
    policies: Object.assign(Object.create(null), { files: 'read', constructor: 'none' }),
    mode: 'observe',
    methods: ['resources', 'sampling'],
    expiresMs: 1_800_000_000_000,
    labelsMs: 60_000,
    tokenSha256: 'a'.repeat(64),
    createdMs: 1_700_000_000_000,
    revokedMs: null,
    source: 'store',
    ...changes,
  };
}

const other: Partial<Grant> = { id: 'grant_2', label: 'two', tokenSha256: 'b'.repeat(64) };

const grantCases: readonly Case[] = [
  [
    'a grant comes back as it was, after a restart too',
    async (stores, options) => {
      const forever = grant({
        ...other,
        expiresMs: null,
        servers: [],
        createdMs: 1_800_000_000_000,
      });
      assert.equal(await stores.grants.insert(grant()), 'inserted');
      assert.equal(await stores.grants.insert(forever), 'inserted');
      assert.deepEqual(await stores.grants.list(), [grant(), forever]);
      const again = await open(options);
      assert.deepEqual(await again.grants.list(), [grant(), forever]);
      assert.deepEqual(again.installationKey, stores.installationKey);
      await again.close();
    },
  ],
  [
    'no two grants have an id, a token or, while they live, a label in common',
    async ({ grants }) => {
      assert.equal(await grants.insert(grant()), 'inserted');
      assert.equal(await grants.insert(grant({ ...other, id: 'grant_1' })), 'duplicate');
      assert.equal(await grants.insert(grant({ ...other, label: 'ci' })), 'duplicate');
      const token = grant().tokenSha256;
      assert.equal(await grants.insert(grant({ ...other, tokenSha256: token })), 'duplicate');
      assert.equal((await grants.list()).length, 1);
      assert.equal(await grants.revoke('grant_1', 5), true);
      assert.equal(await grants.insert(grant({ ...other, tokenSha256: token })), 'duplicate');
      assert.equal(await grants.insert(grant({ ...other, label: 'ci' })), 'inserted');
    },
  ],
  [
    'a grant is revoked once, and never after that is it rotated',
    async ({ grants }) => {
      await grants.insert(grant());
      await grants.insert(grant(other));
      assert.equal(await grants.revoke('grant_3', 7), false);
      assert.equal(await grants.revoke('grant_1', 7), true);
      assert.equal(await grants.revoke('grant_1', 8), false);
      assert.equal(await grants.rotate('grant_1', 'c'.repeat(64)), false);
      assert.deepEqual(await grants.list(), [grant({ revokedMs: 7 }), grant(other)]);
    },
  ],
  [
    'rotating replaces the hash of that grant',
    async ({ grants }) => {
      await grants.insert(grant());
      await grants.insert(grant(other));
      assert.equal(await grants.rotate('grant_1', 'c'.repeat(64)), true);
      assert.equal(await grants.rotate('grant_3', 'd'.repeat(64)), false);
      const expected = [grant({ tokenSha256: 'c'.repeat(64) }), grant(other)];
      assert.deepEqual(await grants.list(), expected);
    },
  ],
  [
    'text that looks like SQL is text',
    async ({ grants }) => {
      const hostile = grant({ label: `'; drop table grants; --`, servers: [`"`, `\\`, '😀'] });
      await grants.insert(hostile);
      assert.deepEqual(await grants.list(), [hostile]);
      assert.equal(await grants.revoke(`' or '1' = '1`, 1), false);
    },
  ],
];

function pin(changes: Partial<PinRow> = {}): PinRow {
  return {
    server: 'files',
    tool: 'read',
    digest: 'd1',
    definition: '{"name":"read"}',
    category: 'Read',
    risk: 'Low',
    state: 'pinned',
    reason: null,
    seenMs: 1_700_000_000_000,
    reviewed: { digest: 'd1', definition: '{"name":"read"}', category: 'Read', risk: 'Low' },
    ...changes,
  };
}

const pinCases: readonly Case[] = [
  [
    'pins come back as they were, server by server',
    async ({ registry }) => {
      const fresh = pin({
        tool: 'write',
        state: 'quarantined',
        reason: 'new tool',
        reviewed: null,
      });
      const elsewhere = pin({ server: 'mail', category: 'Write', risk: 'Critical' });
      assert.deepEqual(await registry.pins('files'), []);
      await registry.savePins([fresh, pin(), elsewhere]);
      assert.deepEqual(await registry.pins('files'), [pin(), fresh]);
      assert.deepEqual(await registry.pins('mail'), [elsewhere]);
    },
  ],
  [
    'what a person says of a tool comes back, and goes',
    async ({ registry }) => {
      const override = {
        category: 'Write',
        risk: 'Critical',
        reason: `it's "so" 😀`,
        actor: 'person:anna',
        atMs: 3,
        digest: 'd1',
      } as const;
      await registry.savePins([pin({ override })]);
      assert.deepEqual(await registry.pins('files'), [pin({ override })]);
      await registry.savePins([pin()]);
      assert.deepEqual(await registry.pins('files'), [pin()]);
    },
  ],
  [
    'saving replaces the rows of these tools and no others',
    async ({ registry }) => {
      await registry.savePins([pin(), pin({ tool: 'stat' })]);
      const changed = pin({
        digest: 'd2',
        definition: '{}',
        category: 'Destructive',
        risk: 'High',
        state: 'quarantined',
        reason: 'definition changed: description',
        seenMs: 2,
        reviewed: null,
      });
      await registry.savePins([changed]);
      await registry.savePins([]);
      assert.deepEqual(await registry.pins('files'), [changed, pin({ tool: 'stat' })]);
    },
  ],
  [
    'whose pins they are is kept by name, and replaced',
    async ({ registry }) => {
      assert.equal(await registry.origin('files'), null);
      await registry.saveOrigin('files', 'one');
      await registry.saveOrigin('mail', 'other');
      await registry.saveOrigin('files', 'two');
      assert.equal(await registry.origin('files'), 'two');
      assert.equal(await registry.origin('mail'), 'other');
    },
  ],
  [
    'two thousand pins are saved at once',
    async ({ registry }) => {
      const rows = Array.from({ length: 2_000 }, (_, index) => pin({ tool: `t${index}` }));
      await registry.savePins(rows);
      assert.equal((await registry.pins('files')).length, 2_000);
    },
  ],
];

function version(number: number, changes: Partial<PolicyVersionRow> = {}): PolicyVersionRow {
  const row = {
    name: 'p',
    version: number,
    document: `{"n":${number}}`,
    author: 'a',
    createdMs: 1,
  };
  return { ...row, ...changes };
}

const policyCases: readonly Case[] = [
  [
    'versions follow one another without a gap',
    async ({ registry }) => {
      assert.equal(await registry.savePolicy(version(2)), 'conflict');
      assert.equal(await registry.savePolicy(version(0)), 'conflict');
      assert.equal(await registry.savePolicy(version(1)), 'saved');
      assert.equal(await registry.savePolicy(version(3)), 'conflict');
      assert.equal(await registry.savePolicy(version(2)), 'saved');
      assert.deepEqual(await registry.policyVersions('p'), [version(1), version(2)]);
    },
  ],
  [
    'a version is never changed',
    async ({ registry }) => {
      await registry.savePolicy(version(1));
      assert.equal(await registry.savePolicy(version(1, { document: 'other' })), 'conflict');
      assert.deepEqual(await registry.policyVersions('p'), [version(1)]);
    },
  ],
  [
    'the newest version of each policy is found',
    async ({ registry }) => {
      const q = version(1, { name: 'q' });
      for (const row of [version(1), q, version(2), version(3)]) await registry.savePolicy(row);
      assert.deepEqual(await registry.policies(), [version(3), q]);
      assert.deepEqual(await registry.policyVersions('none'), []);
    },
  ],
];

const stop: Stop = {
  kind: 'grant',
  name: 'grant_1',
  label: 'ci',
  reason: null,
  actor: 'operator',
  sinceMs: 1_800_000_000_000,
};

const stopCases: readonly Case[] = [
  [
    'stops come back as they were, oldest first, after a restart too',
    async ({ registry }, options) => {
      const all: Stop = { ...stop, kind: 'all', name: '', label: 'everything', sinceMs: 5 };
      await registry.saveStop(stop);
      await registry.saveStop(all);
      assert.deepEqual(await registry.stops(), [all, stop]);
      const again = await open(options);
      assert.deepEqual(await again.registry.stops(), [all, stop]);
      await again.close();
    },
  ],
  [
    'a stop takes the place of the one before, and is taken back alone',
    async ({ registry }) => {
      const other: Stop = { ...stop, kind: 'server' };
      const later: Stop = { ...stop, reason: `'; drop table stops; --`, sinceMs: 9 };
      await registry.saveStop(stop);
      await registry.saveStop(other);
      await registry.saveStop(later);
      assert.deepEqual(await registry.stops(), [later, other]);
      await registry.removeStop('grant', 'grant_1');
      await registry.removeStop('all', '');
      assert.deepEqual(await registry.stops(), [other]);
    },
  ],
];

/** Runs one job in two processes, told to start when both have opened the stores. */
async function race(options: StoreOptions, job: string): Promise<readonly string[][]> {
  const script = fileURLToPath(new URL('./racer.ts', import.meta.url));
  const racers = ['left', 'right'].map((side) => {
    const args = [script, JSON.stringify(options), job, side];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  for (const { lines } of racers) assert.equal((await lines.next()).value, 'ready');
  for (const { child } of racers) child.stdin.end('go\n');
  return Promise.all(
    racers.map(async ({ lines }) => {
      const answers: string[] = [];
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
        answers.push(line.value);
      }
      return answers;
    }),
  );
}

const raceCases: readonly Case[] = [
  [
    'two processes that insert one label: one of them wins each time',
    async (stores, options) => {
      const [left = [], right = []] = await race(options, 'insert');
      assert.equal(left.length, 40);
      for (const [index, answer] of left.entries()) {
        const both = [answer, right[index]];
        assert.equal(both.includes('inserted') && both.includes('duplicate'), true, both.join());
      }
      assert.equal((await stores.grants.list()).length, 40);
    },
  ],
  [
    'two processes that rotate one grant: one of the tokens is left',
    async (stores, options) => {
      await stores.grants.insert(grant());
      const answers = await race(options, 'rotate');
      assert.equal(
        answers.flat().every((answer) => answer === 'true'),
        true,
      );
      const [left] = await stores.grants.list();
      assert.match(left?.tokenSha256 ?? '', /^(left|right) 39$/);
    },
  ],
  [
    'two processes that save the next version: each version is saved by one of them',
    async (stores, options) => {
      const [left = [], right = []] = await race(options, 'policy');
      const saved = [...left, ...right].filter((answer) => answer === 'saved').length;
      const versions = await stores.registry.policyVersions('p');
      assert.equal(versions.length, saved);
      assert.deepEqual(
        versions.map((row) => row.version),
        versions.map((_, index) => index + 1),
      );
    },
  ],
];
