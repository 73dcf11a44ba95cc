import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { loadConfig, type Config } from '../config.ts';
import { configDifference, readAtStart, sameConfig } from './config-difference.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-difference-'));
const path = join(folder, 'portcullis.json');
after(() => rmSync(folder, { recursive: true }));

async function load(changes: object): Promise<Config> {
  const tools = { read: {}, pay: { deny_if: [{ path: 'args.amount', op: 'gt', value: 10 }] } };
  const base = {
    servers: { s: { url: 'https://s.example/mcp', headers: { authorization: 'secret one' } } },
    policies: { p: { version: '1', default: 'deny', tools } },
    grants: {
      g: { principal: 'agent:g', servers: ['s'], policy: 'p', token: { sha256: 'a'.repeat(64) } },
    },
  };
  writeFileSync(path, JSON.stringify({ ...base, ...changes }));
  const loaded = await loadConfig(path, {});
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.value;
}

test('an edited file is on record with what differs, and without a secret', async () => {
  const before = await load({});
  assert.deepEqual(configDifference(before, await load({})), {});
  const tools = { pay: { deny_if: [{ path: 'args.amount', op: 'gt', value: 99 }] }, write: {} };
  const after = await load({
    servers: {
      s: { url: 'https://s.example/mcp', headers: { authorization: 'secret two' } },
      t: { command: 'node', env: { KEY: 'secret three' } },
    },
    policies: { p: { version: '1', default: 'deny', tools } },
    guardrails: { base: { version: '1', default: 'allow' } },
    grants: {
      g: { principal: 'agent:g', servers: [], policy: 'p', token: { sha256: 'b'.repeat(64) } },
    },
  });
  const difference = configDifference(before, after);
  assert.equal(difference['servers'], '~ /s/headers/authorization; + /t');
  assert.match(difference['grants'] ?? '', /~ \/g\/servers; .*~ \/g\/tokenSha256/);
  assert.match(difference['policies'] ?? '', /- \/p\/tools\/read/);
  assert.match(difference['policies'] ?? '', /~ \/p\/tools\/pay\/deny_if .*10.* -> .*99/);
  assert.match(difference['policies'] ?? '', /\+ \/p\/tools\/write /);
  assert.match(difference['guardrails'] ?? '', /^\+ \/base /);
  assert.doesNotMatch(JSON.stringify(difference), /secret|aaaa|bbbb/);
});

test('a file that is read twice says the same; any edit of it does not', async () => {
  const guarded = { guardrails: { base: { version: '1', default: 'allow' } } };
  const first = await load(guarded);
  assert.equal(sameConfig(first, await load(guarded)), true);
  const edits = [
    {},
    { ...guarded, policies: { p: { version: '1', default: 'deny', tools: { read: {} } } } },
    { guardrails: { base: { version: '1', default: 'deny' } } },
    { ...guarded, servers: { s: { url: 'https://s.example/other' } } },
    { ...guarded, grants: {} },
    { ...guarded, limits: { sameCalls: 7 } },
    { ...guarded, approvals: { holdSeconds: 7 } },
  ];
  for (const edit of edits) {
    assert.equal(sameConfig(first, await load(edit)), false, JSON.stringify(edit));
  }
});

test('what is read at the start alone is told where it differs', async () => {
  const started = await load({});
  assert.deepEqual(readAtStart(started, await load({ guardrails: {} })), []);
  const oidc = {
    issuer: 'https://login.example.com',
    clientId: 'portcullis',
    role: { claim: 'groups', values: { security: 'admin' } },
  };
  const named = await load({ console: { oidc } });
  assert.deepEqual(readAtStart(started, named), ['console']);
  const values = { security: 'viewer' };
  const mapped = await load({ console: { oidc: { ...oidc, role: { ...oidc.role, values } } } });
  assert.deepEqual(readAtStart(named, mapped), ['console']);
  const elsewhere = await load({ listen: { port: 1 }, data: './elsewhere' });
  assert.deepEqual(readAtStart(started, elsewhere), ['listen', 'data']);
});
