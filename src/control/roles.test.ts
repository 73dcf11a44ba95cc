import assert from 'node:assert/strict';
import { test } from 'node:test';

import { roles, type Role } from './roles.ts';
import { table } from './table.ts';

/** Every operation, with who may call it: `v`iewer, `a`pprover, `p`olicy manager, ad`m`in. */
const expected: Readonly<Record<string, string>> = {
  getStatus: 'vapm',
  listStops: 'vapm',
  stopCalls: 'm',
  releaseCalls: 'm',
  listServers: 'vapm',
  listPins: 'vapm',
  diffPins: 'vapm',
  acceptPins: 'm',
  setCategory: 'pm',
  resetCategory: 'pm',
  addServer: 'm',
  setCredentials: 'm',
  removeServer: 'm',
  readTools: 'm',
  listPolicies: 'vapm',
  checkPolicy: 'vapm',
  diffPolicy: 'vapm',
  simulatePolicy: 'vapm',
  explainPolicy: 'vapm',
  getPolicy: 'vapm',
  getPolicyVersion: 'vapm',
  savePolicy: 'pm',
  putBackPolicy: 'pm',
  setToolRule: 'pm',
  tryAttacks: 'vapm',
  listGrants: 'vapm',
  createGrant: 'm',
  editGrant: 'pm',
  revokeGrant: 'm',
  rotateGrant: 'm',
  listApprovals: 'vapm',
  recentApprovals: 'vapm',
  answerApproval: 'anyone',
  listStandingApprovals: 'vapm',
  revokeStandingApproval: 'am',
  showApproval: 'am',
  allowApproval: 'am',
  denyApproval: 'am',
  listLimits: 'vapm',
  searchLog: 'vapm',
  followLog: 'vapm',
  getCharts: 'vapm',
  getStory: 'vapm',
  tailRecords: 'vapm',
  searchRecords: 'vapm',
  followRecords: 'vapm',
  getRecords: 'vapm',
  getSession: 'anyone',
  signIn: 'anyone',
  getSignInWays: 'anyone',
  beginOidcSignIn: 'anyone',
  signInByOidc: 'anyone',
  addOidcUser: 'm',
  beginPasskeySignIn: 'anyone',
  signInByPasskey: 'anyone',
  listPasskeys: 'vapm',
  beginPasskey: 'vapm',
  addPasskey: 'vapm',
  removePasskey: 'vapm',
  signOut: 'vapm',
  welcome: 'anyone',
  changePassword: 'vapm',
  listUsers: 'm',
  inviteUser: 'm',
  setUserRole: 'm',
  inviteAgain: 'm',
  removeUser: 'm',
};

const letters: Readonly<Record<string, Role>> = {
  v: 'viewer',
  a: 'approver',
  p: 'policy-manager',
  m: 'admin',
};

test('every operation says who may call it, and nothing else', () => {
  const actual = Object.fromEntries(
    table.map(({ id, may }) => [
      id,
      may === 'anyone'
        ? 'anyone'
        : Object.keys(letters)
            .filter((letter) => may.includes(letters[letter] ?? 'admin'))
            .join(''),
    ]),
  );
  assert.deepEqual(actual, expected);
});

test('operations are told apart by their names and by their addresses', () => {
  assert.equal(new Set(table.map(({ id }) => id)).size, table.length);
  assert.equal(new Set(table.map(({ method, path }) => `${method} ${path}`)).size, table.length);
});

test('an administrator may do everything that a role may', () => {
  for (const { id, may } of table) assert.ok(may === 'anyone' || may.includes('admin'), id);
  assert.equal(roles.length, 4);
});
