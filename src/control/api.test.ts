import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteStands, operatorKey, type ControlStand } from '../../test/support/control.ts';
import { roles, type Role } from './roles.ts';
import { digest, idleMs, sessionMs } from './session.ts';
import { table } from './table.ts';

const open = suiteStands();

const password = 'a long enough password';

interface Browser {
  readonly cookie: string;
  readonly csrf: string;
}

function post(
  { api }: ControlStand,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const sent = { 'content-type': 'application/json', ...headers };
  return Promise.resolve(
    api.request(path, { method: 'POST', headers: sent, body: JSON.stringify(body) }),
  );
}

function cookieOf(answer: Response): string {
  return (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
}

async function browserOf(stand: ControlStand, answer: Response): Promise<Browser> {
  const cookie = cookieOf(answer);
  const session = await stand.api.request('/api/v1/session', { headers: { cookie } });
  return { cookie, csrf: ((await session.json()) as { csrf: string }).csrf };
}

/** The first account, by the link of the first start. */
async function first(stand: ControlStand): Promise<Browser> {
  const welcome = { token: 'the-setup-token', name: 'anna', password };
  const answer = await post(stand, '/api/v1/welcome', welcome);
  assert.equal(answer.status, 200);
  return browserOf(stand, answer);
}

async function withRole(stand: ControlStand, role: Role): Promise<Browser> {
  const invited = await stand.ask('POST', '/api/v1/users', { name: `a-${role}`, role });
  const { token } = invited.json as { token: string };
  const answer = await post(stand, '/api/v1/welcome', { token, name: `a-${role}`, password });
  assert.equal(answer.status, 200);
  return browserOf(stand, answer);
}

function signIn(stand: ControlStand, name: string, given: string): Promise<Response> {
  return post(stand, '/api/v1/session', { name, password: given });
}

test('every operation, asked by every role and by nobody', async () => {
  const stand = await open();
  const browsers = new Map<Role, Browser>();
  for (const role of roles) browsers.set(role, await withRole(stand, role));
  for (const { id, method, path, may, stream } of table) {
    // These end the session that asks, or never end.
    if (id === 'signOut' || id === 'changePassword' || stream !== null) continue;
    const address = path.replace(/\{\w+\}/g, 'none');
    const body = method === 'get' || method === 'delete' ? {} : { body: '{}' };
    for (const [role, { cookie, csrf }] of browsers) {
      const headers = {
        cookie,
        'x-portcullis-csrf': csrf,
        'content-type': 'application/json',
      };
      const answer = await stand.api.request(address, { method, headers, ...body });
      const { error } = ((await answer.json()) ?? {}) as { error?: string };
      const allowed = may === 'anyone' || may.includes(role);
      const refused = answer.status === 403 && error === 'forbidden' && id !== 'welcome';
      assert.equal(refused, !allowed, `${id} as ${role}: ${answer.status} ${error}`);
      assert.notEqual(answer.status, 500, `${id} as ${role}`);
    }
    const headers = { 'content-type': 'application/json' };
    const stranger = await stand.api.request(address, { method, headers, ...body });
    if (may !== 'anyone') assert.equal(stranger.status, 401, `${id} as nobody`);
  }
});

// B-120: changes that another site asks for.
test('a change by cookie needs the token of its session, and a page of ours', async () => {
  const stand = await open();
  const { cookie, csrf } = await first(stand);
  const other = await withRole(stand, 'admin');
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
    ['its token', { 'x-portcullis-csrf': csrf }, 200],
    ['no token', {}, 403],
    ["another session's token", { 'x-portcullis-csrf': other.csrf }, 403],
    ['another site', { 'x-portcullis-csrf': csrf, 'sec-fetch-site': 'cross-site' }, 403],
    ['a sibling site', { 'x-portcullis-csrf': csrf, 'sec-fetch-site': 'same-site' }, 403],
    ['our page', { 'x-portcullis-csrf': csrf, 'sec-fetch-site': 'same-origin' }, 200],
    ['a form', { 'x-portcullis-csrf': csrf, 'content-type': 'text/plain' }, 400],
    ['a wrong key beside it', { 'x-portcullis-csrf': csrf, authorization: 'Bearer x' }, 401],
  ];
  for (const [what, headers, status] of cases) {
    const check = { document: '{}' };
    const answer = await post(stand, '/api/v1/policy-trials/check', check, { cookie, ...headers });
    assert.equal(answer.status, status, what);
  }
  const foreign = { 'sec-fetch-site': 'cross-site' };
  const logIn = { name: 'anna', password };
  assert.equal((await post(stand, '/api/v1/session', logIn, foreign)).status, 403);
});

test('the first link makes one account, and then no more', async () => {
  const stand = await open();
  const wrong = { token: 'guess', name: 'eve', password };
  assert.equal((await post(stand, '/api/v1/welcome', wrong)).status, 403);
  const short = { token: 'the-setup-token', name: 'anna', password: 'short' };
  assert.equal((await post(stand, '/api/v1/welcome', short)).status, 400);
  const both = await Promise.all(
    ['anna', 'berta'].map((name) =>
      post(stand, '/api/v1/welcome', { token: 'the-setup-token', name, password }),
    ),
  );
  assert.deepEqual(
    both.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 403],
  );
});

test('an invitation works once, for its name, for a while', async () => {
  const stand = await open();
  const invite = async (name: string): Promise<string> =>
    (await stand.ask('POST', '/api/v1/users', { name, role: 'viewer' })).json.token as string;
  const token = await invite('anna');
  await invite('berta');
  const use = async (name: string, given: string): Promise<number> =>
    (await post(stand, '/api/v1/welcome', { token: given, name, password })).status;
  assert.equal(await use('berta', token), 403);
  assert.equal(await use('anna', token), 200);
  assert.equal(await use('anna', token), 403);
  const late = await invite('carla');
  stand.pass(73 * 3_600_000);
  assert.equal(await use('carla', late), 403);
});

test('an invitation that several use at once opens one session', async () => {
  const stand = await open();
  const invited = await stand.ask('POST', '/api/v1/users', { name: 'anna', role: 'viewer' });
  const token = invited.json.token as string;
  const chosen = ['the first password', 'the second password', 'the third password'];
  const answers = await Promise.all(
    chosen.map((one) => post(stand, '/api/v1/welcome', { token, name: 'anna', password: one })),
  );
  const statuses = answers.map(({ status }) => status);
  assert.deepEqual(
    statuses.toSorted((a, b) => a - b),
    [200, 403, 403],
  );
  for (const [at, one] of chosen.entries()) {
    const answer = await signIn(stand, 'anna', one);
    assert.equal(answer.status === 200, statuses[at] === 200, one);
  }
});

test('a cookie is for this site alone, and never readable by a script', async () => {
  const stand = await open();
  await first(stand);
  const answer = await signIn(stand, 'anna', password);
  const cookie = answer.headers.get('set-cookie') ?? '';
  assert.match(cookie, /^portcullis_session=/);
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/']) assert.ok(cookie.includes(part));
  assert.equal(cookie.includes('Secure'), false);
});

/** What a request says of where its page is -> who is in with each cookie, and with both. */
const carried: readonly (readonly [Readonly<Record<string, string>>, readonly string[]])[] = [
  [{ origin: 'https://gate.example.com' }, ['secure', 'nobody', 'secure']],
  [{ referer: 'https://gate.example.com/console/' }, ['secure', 'nobody', 'secure']],
  [{ origin: 'http://localhost:8420' }, ['nobody', 'plain', 'plain']],
  [
    { referer: 'http://localhost:8420/console/', host: 'localhost:8420' },
    ['nobody', 'plain', 'plain'],
  ],
  // A page of elsewhere that leads here says nothing of how this one is reached.
  [
    { referer: 'http://pages.example.com/', host: 'gate.example.com' },
    ['secure', 'plain', 'secure'],
  ],
  [{ origin: 'null', referer: 'https://gate.example.com/' }, ['secure', 'nobody', 'secure']],
  [{}, ['secure', 'plain', 'secure']],
];

// B-124: neither another host of the domain nor a page without TLS plants a session over https.
test('over https the cookie has the prefix that no other host can set', async () => {
  const stand = await open();
  await first(stand);
  const at = 'https://gate.example.com';
  const tls = await post(stand, '/api/v1/session', { name: 'anna', password }, { origin: at });
  const [secure = '', forgotten = ''] = tls.headers.getSetCookie();
  assert.match(secure, /^__Host-portcullis_session=[^;]+; .*Path=\/; HttpOnly; Secure; SameSite=S/);
  assert.doesNotMatch(secure, /Domain/);
  assert.match(forgotten, /^portcullis_session=; Max-Age=0; .*Path=\//);
  const nowMs = stand.deps.clock.nowMs();
  const plain = {
    tokenSha256: digest('p'),
    userName: '*operator',
    createdMs: nowMs,
    seenMs: nowMs,
  };
  await stand.deps.users.insertSession(plain);
  const mine = secure.split(';', 1)[0] ?? '';
  const cookies = [mine, 'portcullis_session=p', `portcullis_session=p; ${mine}`];
  const names = { 'person:anna': 'secure', operator: 'plain' } as const;
  for (const [headers, expected] of carried) {
    for (const [index, cookie] of cookies.entries()) {
      const asked = await stand.api.request('/api/v1/session', { headers: { ...headers, cookie } });
      const { user } = (await asked.json()) as {
        readonly user: { name: keyof typeof names } | null;
      };
      const who = user === null ? 'nobody' : names[user.name];
      assert.equal(who, expected[index], `${JSON.stringify(headers)} ${cookie}`);
    }
  }
});

// B-124: a session is not fixed by what a browser carried, is idle for so long, and ends.
test('sessions are fresh at each sign-in, and end', async () => {
  const stand = await open();
  await first(stand);
  const one = await browserOf(stand, await signIn(stand, 'anna', password));
  const fixed = { cookie: one.cookie };
  const again = await post(stand, '/api/v1/session', { name: 'anna', password }, fixed);
  const two = await browserOf(stand, again);
  assert.notEqual(one.cookie, two.cookie);
  const status = async ({ cookie }: Browser): Promise<number> =>
    (await stand.api.request('/api/v1/servers', { headers: { cookie } })).status;
  assert.equal(await status(one), 200);
  const headers = { cookie: one.cookie, 'x-portcullis-csrf': one.csrf };
  const out = await stand.api.request('/api/v1/session', { method: 'DELETE', headers });
  assert.equal(out.status, 200);
  assert.equal(await status(one), 401);
  stand.pass(idleMs - 1_000);
  assert.equal(await status(two), 200);
  stand.pass(idleMs - 1_000);
  assert.equal(await status(two), 200);
  stand.pass(idleMs);
  assert.equal(await status(two), 401);
  const three = await browserOf(stand, await signIn(stand, 'anna', password));
  for (let passed = 0; passed < sessionMs; passed += idleMs / 2) {
    assert.equal(await status(three), 200);
    stand.pass(idleMs / 2);
  }
  assert.equal(await status(three), 401);
});

test('another password ends the other sessions; another role is in force at once', async () => {
  const stand = await open();
  await first(stand);
  const berta = await withRole(stand, 'admin');
  const other = await browserOf(stand, await signIn(stand, 'a-admin', password));
  const headers = { cookie: berta.cookie, 'x-portcullis-csrf': berta.csrf };
  const wrong = { current: 'not the password', password: 'another long password' };
  assert.equal((await post(stand, '/api/v1/session/password', wrong, headers)).status, 401);
  const right = { current: password, password: 'another long password' };
  assert.equal((await post(stand, '/api/v1/session/password', right, headers)).status, 200);
  const status = async (cookie: string, path: string): Promise<number> =>
    (await stand.api.request(path, { headers: { cookie } })).status;
  assert.equal(await status(other.cookie, '/api/v1/users'), 401);
  assert.equal(await status(berta.cookie, '/api/v1/users'), 200);
  await stand.ask('PUT', '/api/v1/users/a-admin', { role: 'viewer' });
  assert.equal(await status(berta.cookie, '/api/v1/users'), 403);
  await stand.ask('DELETE', '/api/v1/users/a-admin');
  assert.equal(await status(berta.cookie, '/api/v1/servers'), 401);
});

test('the last administrator stays', async () => {
  const stand = await open();
  await first(stand);
  assert.equal((await stand.ask('DELETE', '/api/v1/users/anna')).status, 409);
  assert.equal((await stand.ask('PUT', '/api/v1/users/anna', { role: 'viewer' })).status, 409);
});

// B-124: guessing.
test('whoever guesses waits, twice as long each time; others do not', async () => {
  const stand = await open();
  await first(stand);
  await withRole(stand, 'viewer');
  for (let tries = 0; tries < 5; tries += 1) {
    assert.equal((await signIn(stand, 'anna', `guess number ${tries}`)).status, 401);
  }
  const slow = await signIn(stand, 'anna', password);
  assert.equal(slow.status, 429);
  assert.match(((await slow.json()) as { message: string }).message, /wait \d+ seconds/);
  assert.equal((await signIn(stand, 'a-viewer', password)).status, 200);
  stand.pass(2_000);
  assert.equal((await signIn(stand, 'anna', password)).status, 200);
});

test('the operator key opens a session, and a wrong one does not', async () => {
  const stand = await open();
  assert.equal((await post(stand, '/api/v1/session', { key: 'op_guess' })).status, 401);
  const answer = await post(stand, '/api/v1/session', { key: ` ${operatorKey}\n` });
  assert.equal(answer.status, 200);
  const { cookie } = await browserOf(stand, answer);
  const users = await stand.api.request('/api/v1/users', { headers: { cookie } });
  assert.equal(users.status, 200);
});

test('a body of unknown length is read no further than it may be', async () => {
  const stand = await open();
  let taken = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      taken += 1;
      controller.enqueue(new Uint8Array(65_536).fill(32));
    },
  });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${operatorKey}` };
  // `duplex` is in the standard and in Node, and not yet in the types.
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  assert.equal((await stand.api.request('/api/v1/grants', init)).status, 400);
  assert.ok(taken < 40);
});
