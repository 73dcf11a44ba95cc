import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mappedRole, userNameOf } from './oidc.ts';
import type { UserRole } from './user.ts';

const values: ReadonlyMap<string, UserRole> = new Map([
  ['security', 'admin'],
  ['oncall', 'approver'],
  ['everybody', 'viewer'],
]);

const roles: readonly (readonly [string, object, string, UserRole | null])[] = [
  ['a string', { groups: 'oncall' }, 'groups', 'approver'],
  ['a list', { groups: ['x', 'everybody'] }, 'groups', 'viewer'],
  ['several: the strongest', { groups: ['everybody', 'oncall', 'security'] }, 'groups', 'admin'],
  ['no such claim', { roles: ['security'] }, 'groups', null],
  ['no mapped value', { groups: ['x'] }, 'groups', null],
  ['an empty list', { groups: [] }, 'groups', null],
  ['another case', { groups: ['Security'] }, 'groups', null],
  ['values in one string', { groups: 'security everybody' }, 'groups', null],
  ['an object', { groups: { security: true } }, 'groups', null],
  ['a list in a list', { groups: [['security']] }, 'groups', null],
  ['a number', { groups: 1 }, 'groups', null],
  ['deeper', { realm_access: { roles: ['security'] } }, '/realm_access/roles', 'admin'],
  ['a name with a slash', { 'a/b': 'security' }, '/a~1b', 'admin'],
  [
    'a name that is an address',
    { 'https://x.example/r': 'security' },
    'https://x.example/r',
    'admin',
  ],
  ['a path through a string', { groups: 'security' }, '/groups/length', null],
  ['what every object has', {}, 'constructor', null],
  ['what every object has, deeper', { a: {} }, '/a/__proto__', null],
];

test('a claim gives the strongest role that is mapped, and else none', () => {
  for (const [what, claims, claim, role] of roles) {
    assert.equal(mappedRole(claims, { claim, values }), role, what);
  }
});

const names: readonly (readonly [unknown, string])[] = [
  ['anna', 'anna'],
  ['Anna.Miller@example.com', 'anna.miller'],
  ['Anna Müller', 'anna-muller'],
  ['  ', 'user'],
  ['*operator', 'operator'],
  ['@', 'user'],
  ['日本', 'user'],
  [undefined, 'user'],
  [{ a: 1 }, 'user'],
  ['x'.repeat(100), 'x'.repeat(32)],
  ['../..', 'user'],
  // Runs of what names do not end in are cut before they are looked for.
  [`a${'-'.repeat(200)}b`, 'a'],
  [`${'x'.repeat(31)}-${'y'.repeat(9)}`, 'x'.repeat(31)],
];

test('a name is made of the one that the provider gives', () => {
  for (const [given, name] of names) assert.equal(userNameOf(given), name, String(given));
});
