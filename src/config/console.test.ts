import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ConsoleEntry } from './console-schema.ts';
import { readConsole } from './console.ts';
import { pointerOf, type Fault } from './problem.ts';

const environment = { SECRET: 's3cret', EMPTY: '' };
const listen = { hosts: ['gate.example.com'], origins: ['https://proxy.example.com'] };
const oidc = {
  issuer: 'https://login.example.com/realm',
  clientId: 'portcullis',
  clientSecret: { env: 'SECRET' },
  role: { claim: 'groups', values: { security: 'admin' } },
} as const;

function faultsOf(entry: ConsoleEntry): readonly string[] {
  const faults: Fault[] = [];
  readConsole(entry, { listen, environment, faults });
  return faults.map(({ path, message }) => `${pointerOf(path)}: ${message}`);
}

test('an absent section has defaults; a provider has its name, its scopes and its secret', () => {
  const faults: Fault[] = [];
  const reading = { listen, environment, faults };
  assert.deepEqual(readConsole(undefined, reading), {
    privateServers: false,
    url: null,
    oidc: null,
  });
  assert.deepEqual(readConsole({ oidc }, reading).oidc, {
    name: 'login.example.com',
    issuer: oidc.issuer,
    clientId: 'portcullis',
    clientSecret: 's3cret',
    scopes: ['openid', 'profile'],
    role: { claim: 'groups', values: new Map([['security', 'admin']]) },
    create: true,
  });
  assert.deepEqual(faults, []);
});

const urlFault = '/console/url: expected the address of the console: scheme, host and port only';
const unserved = '/console/url: the gateway answers nobody under this name';
const issuer = '/console/oidc/issuer: ';
const address = `${issuer}expected the address of an issuer`;
const plain = `${issuer}whoever is on the way could sign in as anybody`;
const secret = '/console/oidc/clientSecret/env: the environment has no variable ';

const cases: readonly (readonly [string, ConsoleEntry, string | null])[] = [
  ['a host that is served', { url: 'https://gate.example.com' }, null],
  ['an origin that is served', { url: 'https://proxy.example.com' }, null],
  ['this machine', { url: 'http://localhost:8420/' }, null],
  ['a path', { url: 'https://gate.example.com/console' }, urlFault],
  ['a user', { url: 'https://a@gate.example.com' }, urlFault],
  ['another scheme', { url: 'ftp://gate.example.com' }, urlFault],
  ['no address', { url: 'gate.example.com' }, urlFault],
  ['a host that is not served', { url: 'https://other.example.com' }, unserved],
  ['http on this machine', { oidc: { ...oidc, issuer: 'http://127.0.0.1:9000' } }, null],
  ['http elsewhere', { oidc: { ...oidc, issuer: 'http://login.example.com' } }, plain],
  ['http by a name', { oidc: { ...oidc, issuer: 'http://localhost.example.com' } }, plain],
  ['a script', { oidc: { ...oidc, issuer: 'javascript:alert(1)' } }, address],
  ['a query', { oidc: { ...oidc, issuer: 'https://login.example.com/?a=b' } }, address],
  ['no secret', { oidc: { ...oidc, clientSecret: { env: 'NONE' } } }, `${secret}\`NONE\``],
  ['an empty one', { oidc: { ...oidc, clientSecret: { env: 'EMPTY' } } }, `${secret}\`EMPTY\``],
  [
    'an inherited one',
    { oidc: { ...oidc, clientSecret: { env: 'valueOf' } } },
    `${secret}\`valueOf\``,
  ],
  [
    'nobody',
    { oidc: { ...oidc, role: { claim: 'groups', values: {} } } },
    '/console/oidc/role/values: no value is mapped to a role, so nobody could sign in',
  ],
];

test('what cannot be meant is a fault at its place', () => {
  for (const [what, entry, fault] of cases) {
    assert.deepEqual(faultsOf(entry), fault === null ? [] : [fault], what);
  }
});
