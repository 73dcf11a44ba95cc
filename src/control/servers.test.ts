import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteStands } from '../../test/support/control.ts';

const open = suiteStands();

const path = '/api/v1/servers';
const good = {
  name: 'mail',
  url: 'https://mail.example.com/mcp?team=a',
  headers: { Authorization: 'Bearer the-canary-secret' },
};

test('a server is added, asked with its credentials, and removed', async () => {
  const stand = await open();
  assert.equal((await stand.ask('POST', path, good)).status, 200);
  const config = stand.registry.current().servers.get('mail')?.config;
  assert.ok(config?.transport === 'http');
  assert.deepEqual(
    { ...config, headers: { ...config.headers } },
    {
      name: 'mail',
      transport: 'http',
      url: good.url,
      headers: { authorization: 'Bearer the-canary-secret' },
      allowPrivate: false,
    },
  );
  const credentials = { headers: { 'x-key': 'other' } };
  assert.equal((await stand.ask('PUT', `${path}/mail/credentials`, credentials)).status, 200);
  const after = stand.registry.current().servers.get('mail')?.config;
  assert.ok(after?.transport === 'http');
  assert.deepEqual({ ...after.headers }, { 'x-key': 'other' });
  assert.equal((await stand.ask('DELETE', `${path}/mail`)).status, 200);
  assert.equal(stand.registry.current().servers.has('mail'), false);
});

test('no answer and no record holds a credential', async () => {
  const stand = await open();
  await stand.ask('POST', path, good);
  const shown = JSON.stringify([
    (await stand.ask('GET', path)).json,
    (await stand.ask('GET', `${path}/mail/pins`)).json,
    stand.records,
  ]);
  assert.match(shown, /mail\.example\.com/);
  assert.doesNotMatch(shown, /canary|team=a/);
});

// B-090, B-098, B-099, B-100.
const refused: readonly (readonly [string, object, number, RegExp])[] = [
  ['a command', { ...good, command: 'sh' }, 400, /Unrecognized key: "command"/],
  ['arguments', { ...good, args: ['-c'] }, 400, /Unrecognized key/],
  ['an environment', { ...good, env: {} }, 400, /Unrecognized key/],
  ['a folder', { ...good, cwd: '/' }, 400, /Unrecognized key/],
  ['a transport', { ...good, transport: 'stdio' }, 400, /Unrecognized key/],
  ['a type', { ...good, type: 'stdio' }, 400, /Unrecognized key/],
  ['a name of no form', { ...good, name: '../x' }, 400, /is no name/],
  ['a name of the file', { ...good, name: 'files' }, 409, /there is a server `files` already/],
  ['a header of ours', { ...good, headers: { Host: 'x' } }, 400, /the gateway writes/],
  ['a header of the protocol', { ...good, headers: { 'Mcp-Name': 'x' } }, 400, /the gateway/],
  ['a line break', { ...good, headers: { x: 'a\r\nb: c' } }, 400, /line break/],
  ['a header twice', { ...good, headers: { x: 'a', X: 'b' } }, 400, /twice/],
  ['a private address', { ...good, url: 'http://10.0.0.1/' }, 400, /the address is refused/],
  ['a private flag', { ...good, allowPrivate: true }, 400, /the operator opens them/],
];
for (const [what, body, status, message] of refused) {
  test(`a server with ${what}: ${status}`, async () => {
    const stand = await open();
    const answer = await stand.ask('POST', path, body);
    assert.equal(answer.status, status);
    assert.match(answer.json.message, message);
    assert.deepEqual(stand.records, []);
  });
}

test('variables in what a person types stay as they are', async () => {
  const stand = await open();
  const headers = { 'x-key': '${HOME} {{token}} %(x)s' };
  await stand.ask('POST', path, { ...good, headers });
  const config = stand.registry.current().servers.get('mail')?.config;
  assert.ok(config?.transport === 'http');
  assert.equal(config.headers['x-key'], '${HOME} {{token}} %(x)s');
});

test('a server of the file, one that is not there, and one that is in use are not removed', async () => {
  const stand = await open();
  assert.equal((await stand.ask('DELETE', `${path}/files`)).status, 403);
  assert.equal((await stand.ask('DELETE', `${path}/none`)).status, 404);
  await stand.ask('POST', path, good);
  const grant = {
    label: 'ci',
    principal: 'agent:ci',
    servers: ['mail'],
    policies: { mail: 'read' },
  };
  assert.equal((await stand.ask('POST', '/api/v1/grants', grant)).status, 200);
  const answer = await stand.ask('DELETE', `${path}/mail`);
  assert.equal(answer.status, 409);
  assert.match(answer.json.message, /revoke `ci` first/);
});
