import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteStands } from '../../test/support/control.ts';
import { ConsoleBrowser } from '../../test/support/console-browser.ts';
import { resolveUser } from './oidc-users.ts';

const open = suiteStands();
const provider = { issuer: 'https://login.example.com', createsUsers: true };
const role = 'viewer' as const;

test('one person who comes twice at once is one user; two of one name are two', async () => {
  const stand = await open();
  const come = async (subject: string): Promise<string> => {
    const user = await resolveUser(stand.deps, provider, { subject, wantedName: 'anna', role });
    return user.ok ? user.value.name : user.error.reason;
  };
  const [first, again] = await Promise.all([come('one'), come('one')]);
  assert.deepEqual([first, again], ['anna@login.example.com', 'anna@login.example.com']);
  const others = await Promise.all([come('two'), come('three')]);
  assert.equal(new Set([first, ...others]).size, 3);
  for (const name of others) assert.match(name, /^anna-[0-9a-f]+@login\.example\.com$/);
  assert.equal((await stand.deps.users.list()).length, 3);
  const told = stand.records.flatMap((one) => (one.kind === 'admin' ? [one] : []));
  const count = (action: string): number => told.filter((one) => one.action === action).length;
  assert.equal(count('user.create') - count('user.create.failed'), 3, 'what is on record is true');
});

test('the first account is not made in the name of somebody who comes by a provider', async () => {
  const stand = await open();
  const oidc = { issuer: provider.issuer, subject: 'one' };
  const invitation = { password: null, invitationSha256: null, invitationExpiresMs: null };
  await stand.deps.users.insert({ name: 'anna', role, oidc, createdMs: 0, ...invitation });
  const browser = new ConsoleBrowser(stand, 'http://localhost:8420');
  const welcome = { token: 'the-setup-token', name: 'anna', password: 'a long enough password' };
  const taken = await browser.ask('POST', '/welcome', welcome);
  assert.deepEqual([taken.status, stand.records.length], [409, 0]);
  assert.match(taken.json.message, /choose another name/);
  assert.equal((await browser.ask('POST', '/welcome', { ...welcome, name: 'berta' })).status, 200);
});
