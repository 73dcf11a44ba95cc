import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLog } from '../base/log.ts';
import type { Grant } from '../identity/grant.ts';
import { hashToken } from '../identity/token.ts';
import { openStores, type Stores } from '../storage/open.ts';
import type { Declared } from './declared.ts';
import type { SeenTool } from './pin.ts';
import { compileDocument, documentHash } from './policy-versions.ts';
import type { RegistryProblem } from './problem.ts';
import type { GrantDraft } from './drafts.ts';
import { Registry } from './registry.ts';
import type { Snapshot } from './snapshot.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'portcullis-registry-'));
});
after(() => rm(root, { recursive: true }));

let folders = 0;
async function stores(): Promise<Stores> {
  folders += 1;
  const opened = await openStores({ dataDir: join(root, String(folders)) });
  assert.ok(opened.ok);
  return opened.value;
}

const denyAll = '{"version":"1","default":"deny"}';
const allowAll = '{"version":"1","default":"allow"}';

function declared(changes: {
  readonly servers?: readonly string[];
  readonly policies?: Readonly<Record<string, string>>;
  readonly grants?: readonly Grant[];
}): Declared {
  const policies = Object.entries(changes.policies ?? { read: denyAll }).map(([name, document]) => {
    const compiled = compileDocument(document);
    assert.ok(compiled.ok);
    return { name, document, compiled: compiled.value, hash: documentHash(document) };
  });
  const servers = (changes.servers ?? ['files']).map((name) => {
    const config = { transport: 'http', url: 'https://example.com', headers: {} } as const;
    return [name, { name, ...config, allowPrivate: false }] as const;
  });
  return {
    servers: new Map(servers),
    policies: new Map(policies.map((policy) => [policy.name, policy])),
    guardrails: [],
    grants: changes.grants ?? [],
  };
}

function fileGrant(label: string, token: string): Grant {
  return {
    id: `file:${label}`,
    label,
    principal: { id: 'agent:ci', kind: 'agent' },
    servers: ['files'],
    policies: { files: 'read' },
    mode: 'enforce',
    methods: [],
    expiresMs: null,
    tokenSha256: hashToken(token),
    createdMs: 0,
    revokedMs: null,
    source: 'file',
  };
}

const draft: GrantDraft = {
  label: 'laptop',
  principal: 'agent:laptop',
  servers: ['files'],
  policies: { files: 'read' },
  mode: 'enforce',
  methods: [],
  expiresMs: null,
};

const clock = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 };

async function registry(store: Stores, config: Declared = declared({})): Promise<Registry> {
  const opened = await Registry.open({ stores: store, declared: config, clock, log: silentLog });
  assert.ok(opened.ok, JSON.stringify(opened));
  return opened.value;
}

function grantOf(snapshot: Snapshot, token: string): Grant | undefined {
  return snapshot.grantsByToken.get(hashToken(token));
}

test('the first snapshot holds what the file declares', async () => {
  const store = await stores();
  const current = (await registry(store, declared({ grants: [fileGrant('ci', 't')] }))).current();
  assert.equal(current.version, 1);
  assert.deepEqual([...current.servers.keys()], ['files']);
  assert.equal(current.servers.get('files')?.tools, null);
  assert.equal(grantOf(current, 't')?.label, 'ci');
  const { version, hash } = current.policies.get('read') ?? {};
  assert.deepEqual([version, hash], [1, documentHash(denyAll)]);
  await store.close();
});

test('a policy of the file has a new version only when its text changes', async () => {
  const store = await stores();
  const one = await registry(store);
  const versions = async (policies: Readonly<Record<string, string>>) => {
    assert.equal((await one.applyConfig(declared({ policies }))).ok, true);
    return one.current().policies.get('read')?.version;
  };
  assert.equal(await versions({ read: denyAll }), 1);
  assert.equal(await versions({ read: allowAll }), 2);
  assert.equal(await versions({ read: allowAll }), 2);
  assert.equal(await versions({ read: denyAll }), 3);
  const again = await registry(store);
  assert.equal(again.current().policies.get('read')?.version, 3);
  assert.equal(await versions({ other: denyAll }), undefined);
  await store.close();
});

test('two registries that read one file agree on its version', async () => {
  const store = await stores();
  const both = await Promise.all([registry(store), registry(store)]);
  assert.deepEqual(
    both.map((one) => one.current().policies.get('read')?.version),
    [1, 1],
  );
  await store.close();
});

test('a grant opens from its making to its revocation', async () => {
  const store = await stores();
  const one = await registry(store);
  const published: number[] = [];
  const stop = one.subscribe((snapshot) => published.push(snapshot.version));
  const before = one.current();

  const made = await one.createGrant(draft);
  assert.ok(made.ok);
  const { grant, token } = made.value;
  assert.equal(grantOf(before, token), undefined);
  assert.deepEqual(grantOf(one.current(), token), (await store.grants.list())[0]);

  const rotated = await one.rotateGrant(grant.id);
  assert.ok(rotated.ok);
  assert.equal(grantOf(one.current(), token), undefined);
  assert.equal(grantOf(one.current(), rotated.value.token)?.id, grant.id);

  assert.equal((await one.revokeGrant(grant.id)).ok, true);
  assert.equal(grantOf(one.current(), rotated.value.token)?.revokedMs, clock.nowMs());
  assert.deepEqual(published, [2, 3, 4]);
  stop();
  assert.equal((await one.createGrant(draft)).ok, true);
  assert.deepEqual(published, [2, 3, 4]);
  await store.close();
});

const drafts: readonly (readonly [string, Partial<GrantDraft>, RegistryProblem['code']])[] = [
  ['a label in use in the file', { label: 'ci' }, 'label-taken'],
  ['a label in use in the store', { label: 'phone' }, 'label-taken'],
  ['a label with a space', { label: 'a b' }, 'label-invalid'],
  ['an empty label', { label: '' }, 'label-invalid'],
  ['a principal without a kind', { principal: 'ci' }, 'principal-invalid'],
  ['an unknown server', { servers: ['mail'] }, 'server-unknown'],
  ['a policy for an unknown server', { policies: { mail: 'read' } }, 'server-unknown'],
  ['an unknown policy', { policies: { files: 'write' } }, 'policy-unknown'],
];
for (const [name, changes, code] of drafts) {
  test(`no grant is made of ${name}`, async () => {
    const store = await stores();
    const one = await registry(store, declared({ grants: [fileGrant('ci', 't')] }));
    assert.equal((await one.createGrant({ ...draft, label: 'phone' })).ok, true);
    const { version } = one.current();
    const made = await one.createGrant({ ...draft, ...changes });
    assert.deepEqual(made.ok ? null : made.error.code, code);
    assert.equal(one.current().version, version);
    assert.equal((await store.grants.list()).length, 1);
    await store.close();
  });
}

test('a grant of the file is changed in the file', async () => {
  const store = await stores();
  const one = await registry(store, declared({ grants: [fileGrant('ci', 't')] }));
  const expected = { ok: false, error: { code: 'declared-in-file', subject: 'file:ci' } };
  assert.deepEqual(await one.revokeGrant('file:ci'), expected);
  assert.deepEqual(await one.rotateGrant('file:ci'), expected);
  const unknown = { ok: false, error: { code: 'grant-unknown', subject: 'grant_x' } };
  assert.deepEqual(await one.revokeGrant('grant_x'), unknown);
  assert.deepEqual(await one.rotateGrant('grant_x'), unknown);
  await store.close();
});

test('a file whose labels or tokens clash with live grants is not put in force', async () => {
  const store = await stores();
  const one = await registry(store);
  const made = await one.createGrant(draft);
  assert.ok(made.ok);
  const snapshot = one.current();
  const clashing = declared({
    servers: ['files', 'mail'],
    grants: [fileGrant('laptop', 't'), fileGrant('other', made.value.token), fileGrant('x', 't')],
  });
  const error = [
    { code: 'label-taken', subject: 'laptop' },
    { code: 'token-taken', subject: 'other' },
    { code: 'token-taken', subject: 'x' },
  ];
  assert.deepEqual(await one.applyConfig(clashing), { ok: false, error });
  assert.equal(one.current(), snapshot);
  const reopened = await Registry.open({
    stores: store,
    declared: clashing,
    clock,
    log: silentLog,
  });
  assert.deepEqual(reopened, { ok: false, error });
  await one.revokeGrant(made.value.grant.id);
  assert.equal((await one.applyConfig(declared({ grants: [fileGrant('laptop', 't')] }))).ok, true);
  await store.close();
});

// B-027: what a grant refers to is gone; the grant is there, and nothing stands in.
test('a grant outlives its policy and its server, which are then missing', async () => {
  const store = await stores();
  const one = await registry(store);
  const made = await one.createGrant(draft);
  assert.ok(made.ok);
  assert.equal((await one.applyConfig(declared({ servers: [], policies: {} }))).ok, true);
  const snapshot = one.current();
  assert.equal(grantOf(snapshot, made.value.token)?.policies['files'], 'read');
  assert.equal(snapshot.policies.get('read'), undefined);
  assert.equal(snapshot.servers.get('files'), undefined);
  await store.close();
});

test('a policy that is saved is in force; one that does not load, or comes late, is not', async () => {
  const store = await stores();
  const one = await registry(store);
  const save = async (name: string, version: number, document: string) => {
    const saved = await one.savePolicy({ name, version, document, author: 'person:anna' });
    return saved.ok ? saved.value.version : saved.error.code;
  };
  assert.equal(await save('mine', 1, denyAll), 1);
  assert.equal(await save('mine', 1, allowAll), 'policy-conflict');
  assert.equal(await save('mine', 2, '{"version":"1"}'), 'policy-invalid');
  assert.equal(await save('mine', 2, '{'), 'policy-invalid');
  assert.equal(one.current().policies.get('mine')?.hash, documentHash(denyAll));
  assert.equal(await save('mine', 2, allowAll), 2);
  assert.equal(one.current().policies.get('mine')?.hash, documentHash(allowAll));
  assert.equal(await save('read', 2, allowAll), 'declared-in-file');
  assert.equal(await save('No Name', 1, allowAll), 'name-invalid');
  const again = await registry(store);
  assert.equal(again.current().policies.get('mine')?.version, 2);
  await store.close();
});

function seen(name: string, description = 'x'): SeenTool {
  const definition = JSON.stringify({ name, description });
  return { name, definition, digest: documentHash(definition), category: 'Read', risk: 'Low' };
}

test('a first list is pinned; a changed tool waits until that very change is accepted', async () => {
  const store = await stores();
  const one = await registry(store);
  const stateOf = (name: string) => one.current().servers.get('files')?.tools?.get(name)?.state;
  assert.equal((await one.pinSeen('files', [seen('a')])).ok, true);
  assert.equal(stateOf('a'), 'pinned');
  assert.equal((await one.pinSeen('files', [seen('a', 'y')])).ok, true);
  assert.equal(stateOf('a'), 'quarantined');

  const late = await one.acceptPins('files', new Map([['a', seen('a', 'z').digest]]));
  assert.deepEqual(late, { ok: true, value: [] });
  const accepted = await one.acceptPins('files', new Map([['a', seen('a', 'y').digest]]));
  assert.equal(accepted.ok && accepted.value.length, 1);
  assert.equal(stateOf('a'), 'pinned');
  await one.pinSeen('files', [seen('a', 'y')]);
  assert.equal(stateOf('a'), 'pinned');
  const again = await registry(store);
  assert.equal(again.current().servers.get('files')?.tools?.get('a')?.state, 'pinned');
  await store.close();
});

test('a first list waits for a person where the operator wants it', async () => {
  const store = await stores();
  const one = await registry(store, { ...declared({}), pins: { firstList: 'review' } });
  const stateOf = (name: string) => one.current().servers.get('files')?.tools?.get(name)?.state;
  const first = await one.pinSeen('files', [seen('a'), seen('b')]);
  assert.ok(first.ok);
  assert.deepEqual(
    first.value.changed.map(({ tool, state, reason }) => [tool, state, reason]),
    [
      ['a', 'quarantined', 'new tool'],
      ['b', 'quarantined', 'new tool'],
    ],
  );
  await one.acceptPins('files', new Map([['a', seen('a').digest]]));
  await one.pinSeen('files', [seen('a'), seen('b')]);
  assert.deepEqual([stateOf('a'), stateOf('b')], ['pinned', 'quarantined']);
  await store.close();
});

test('rows that are set to pinned count as reviewed', async () => {
  const store = await stores();
  const one = await registry(store);
  await one.pinSeen('files', [seen('a')]);
  await one.pinSeen('files', [seen('a', 'y')]);
  const rows = await one.pins('files');
  await one.setPins(
    'files',
    rows.map((row) => ({ ...row, state: 'pinned', reason: null })),
  );
  await one.pinSeen('files', [seen('a', 'y')]);
  assert.equal(one.current().servers.get('files')?.tools?.get('a')?.state, 'pinned');
  await store.close();
});

test('an empty list is a known list', async () => {
  const store = await stores();
  const one = await registry(store);
  assert.equal((await one.pinSeen('files', [])).ok, true);
  assert.deepEqual(one.current().servers.get('files')?.tools, new Map());
  assert.equal((await one.applyConfig(declared({ servers: ['files', 'mail'] }))).ok, true);
  assert.deepEqual(one.current().servers.get('files')?.tools, new Map());
  assert.equal(one.current().servers.get('mail')?.tools, null);
  const unknown = { ok: false, error: { code: 'server-unknown', subject: 'none' } };
  assert.deepEqual(await one.pinSeen('none', []), unknown);
  assert.deepEqual(await one.setPins('none', []), unknown);
  await store.close();
});

test('a store that fails changes nothing, and the next change is tried again', async () => {
  const store = await stores();
  let broken = true;
  const insert = (grant: Grant) =>
    broken ? Promise.reject(new Error('disk full')) : store.grants.insert(grant);
  const one = await registry({ ...store, grants: { ...store.grants, insert } });
  const snapshot = one.current();
  const failed = { ok: false, error: { code: 'store-failed', subject: 'laptop' } };
  assert.deepEqual(await one.createGrant(draft), failed);
  assert.equal(one.current(), snapshot);
  broken = false;
  assert.equal((await one.createGrant(draft)).ok, true);
  await store.close();
});

test('changes asked for at once run one after the other', async () => {
  const store = await stores();
  const one = await registry(store);
  const labels = Array.from({ length: 10 }, (_, index) => `g${index % 5}`);
  const made = await Promise.all(labels.map((label) => one.createGrant({ ...draft, label })));
  assert.equal(made.filter((result) => result.ok).length, 5);
  assert.equal(one.current().grantsByToken.size, 5);
  assert.equal(one.current().version, 6);
  await store.close();
});

const at = (url: string): Declared => {
  const file = declared({});
  const config = { name: 'files', transport: 'http', headers: {}, allowPrivate: false } as const;
  return { ...file, servers: new Map([['files', { ...config, url }]]) };
};

test('a name that stands for another server is trusted for nothing, gone tools included', async () => {
  const store = await stores();
  const one = await registry(store);
  const stateOf = (name: string) => one.current().servers.get('files')?.tools?.get(name)?.state;
  await one.applyConfig(at('https://example.com/mcp'));
  await one.pinSeen('files', [seen('a'), seen('b')]);
  assert.equal(stateOf('a'), 'pinned');
  await one.applyConfig(at('https://example.com/mcp?key=2'));
  assert.equal(stateOf('a'), 'pinned', 'a query is no other server');
  await one.applyConfig(at('https://evil.example/mcp'));
  assert.equal(one.current().servers.get('files')?.tools, null, 'nothing until it is read');
  await one.pinSeen('files', [seen('a')]);
  assert.deepEqual([stateOf('a'), stateOf('b')], ['quarantined', 'quarantined']);
  await one.pinSeen('files', [seen('a'), seen('b')]);
  assert.deepEqual([stateOf('a'), stateOf('b')], ['quarantined', 'quarantined']);
  await one.acceptPins('files', new Map([['a', seen('a').digest]]));
  const again = await registry(store);
  await again.applyConfig(at('https://evil.example/mcp'));
  await again.pinSeen('files', [seen('a'), seen('b')]);
  const states = ['a', 'b'].map((n) => again.current().servers.get('files')?.tools?.get(n)?.state);
  assert.deepEqual(states, ['pinned', 'quarantined']);
  await store.close();
});

test('an empty first list was the first: what comes later waits for review', async () => {
  const store = await stores();
  const one = await registry(store);
  await one.pinSeen('files', []);
  await one.pinSeen('files', [seen('a')]);
  assert.equal(one.current().servers.get('files')?.tools?.get('a')?.state, 'quarantined');
  await store.close();
});
