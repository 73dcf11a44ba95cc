import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { silentLog } from '../../src/base/log.ts';
import type { OidcConfig } from '../../src/config.ts';
import { endProviderSessions } from '../../src/control/oidc-users.ts';
import { cookieName, digest } from '../../src/control/session.ts';
import type { UserRole } from '../../src/identity/user.ts';
import { openOidc } from '../../src/main/oidc.ts';
import { ConsoleBrowser } from '../support/console-browser.ts';
import { openControl, type ControlStand } from '../support/control.ts';
import {
  startLyingProvider,
  startProvider,
  walk,
  type Lies,
  type LyingProvider,
  type OidcServer,
  type RealProvider,
} from '../support/oidc-servers.ts';
import { until } from '../support/until.ts';

const origin = 'http://localhost:8420';
const returnUrl = `${origin}/console/signed-in`;
const password = 'a long enough password';

const values: ReadonlyMap<string, UserRole> = new Map([
  ['security', 'admin'],
  ['everybody', 'viewer'],
]);

/** A control API whose operator's file names this provider. */
async function open(
  context: TestContext,
  server: OidcServer,
  changes: Partial<OidcConfig> = {},
): Promise<ControlStand> {
  const stand = await openControl((clock) =>
    openOidc({
      config: {
        ...server,
        name: 'Example',
        scopes: ['openid', 'profile'],
        role: { claim: 'groups', values },
        create: true,
        ...changes,
      },
      clock,
      log: silentLog,
    }),
  );
  context.after(() => stand.close());
  return stand;
}

async function begin(browser: ConsoleBrowser): Promise<URL> {
  const begun = await browser.ask('POST', '/session/oidc/begin', {});
  assert.equal(begun.status, 200, JSON.stringify(begun.json));
  return new URL(begun.json.url);
}

/** Signs in at the real provider and comes back. */
async function signIn(browser: ConsoleBrowser) {
  const query = await walk((await begin(browser)).href, returnUrl);
  return browser.ask('POST', '/session/oidc', { query });
}

function anna(provider: RealProvider, groups: unknown, subject = 'sub-anna'): void {
  provider.next = { subject, claims: { groups, preferred_username: 'anna' } };
}

/** Members of the last record that say what became of a sign-in. */
function last(stand: ControlStand): readonly unknown[] {
  const record = stand.records.at(-1);
  if (record?.kind !== 'admin') return [];
  return [record.action, record.subject, record.detail['reason']];
}

function actions(stand: ControlStand): readonly string[] {
  return stand.records.flatMap((one) => (one.kind === 'admin' ? [one.action] : []));
}

test('a real provider: whoever has a role becomes a user, and keeps what they are', async (context) => {
  const provider = await startProvider(context);
  provider.serve(returnUrl);
  const stand = await open(context, provider);
  const invited = await stand.ask('POST', '/api/v1/users', { name: 'anna', role: 'admin' });
  assert.equal(invited.status, 200);

  anna(provider, ['everybody']);
  const browser = new ConsoleBrowser(stand, origin);
  const url = await begin(browser);
  const asked = Object.fromEntries(url.searchParams);
  assert.equal(asked['code_challenge_method'], 'S256');
  assert.equal(asked['redirect_uri'], returnUrl);
  assert.ok((asked['state'] ?? '').length > 20 && (asked['nonce'] ?? '').length > 20);
  const query = await walk(url.href, returnUrl);
  const answer = await browser.ask('POST', '/session/oidc', { query });
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  assert.match(answer.cookie, /portcullis_session=[^;]+;.*HttpOnly;.*SameSite=Strict/);
  assert.equal(await browser.signedIn(), 'person:anna@127.0.0.1');
  assert.deepEqual(actions(stand).slice(-2), ['user.create', 'session.open']);

  // A change takes the session's token, as with a password; a viewer may make none.
  assert.equal((await browser.ask('GET', '/users')).status, 403);
  const check = { document: '{}' };
  assert.equal((await browser.ask('POST', '/policy-trials/check', check)).status, 403);
  await browser.entered();
  assert.equal((await browser.ask('POST', '/policy-trials/check', check)).status, 200);

  // Another role there is another role here, from the next sign-in on.
  anna(provider, ['everybody', 'security']);
  const again = new ConsoleBrowser(stand, origin);
  assert.equal((await signIn(again)).status, 200);
  assert.equal((await again.ask('GET', '/users')).status, 200);
  assert.deepEqual(actions(stand).slice(-2), ['user.role', 'session.open']);

  // Somebody else of that name is somebody else.
  anna(provider, ['everybody'], 'sub-other');
  const other = new ConsoleBrowser(stand, origin);
  assert.equal((await signIn(other)).status, 200);
  assert.equal(await other.signedIn(), 'person:anna-2@127.0.0.1');

  // Without a role nobody stays.
  anna(provider, ['nothing mapped']);
  const out = await signIn(new ConsoleBrowser(stand, origin));
  assert.equal(out.status, 401);
  assert.match(out.json.message, /none of your groups has a role here/);
  assert.deepEqual(last(stand), ['session.refused', 'anna@127.0.0.1', 'no-role']);
  assert.equal(await again.signedIn(), null);
  assert.equal(await other.signedIn(), 'person:anna-2@127.0.0.1');
});

test('who comes by a provider has neither password, passkeys nor invitation', async (context) => {
  const provider = await startProvider(context);
  provider.serve(returnUrl);
  const stand = await open(context, provider);
  anna(provider, ['security']);
  const browser = new ConsoleBrowser(stand, origin);
  assert.equal((await signIn(browser)).status, 200);
  await browser.entered();
  const name = 'anna@127.0.0.1';
  const cases: readonly (readonly [string, string, object])[] = [
    ['POST', '/session/password', { current: 'x', password }],
    ['POST', '/session/passkeys/begin', { password: 'x' }],
    ['POST', `/users/${name}/invite`, {}],
  ];
  for (const [method, path, body] of cases) {
    const answer = await browser.ask(method, path, body);
    assert.equal(answer.status, 409, path);
    assert.match(answer.json.message, /Example/, path);
  }
  assert.equal((await browser.ask('PUT', `/users/${name}`, { role: 'viewer' })).status, 409);
  const byPassword = new ConsoleBrowser(stand, origin);
  const tried = await byPassword.ask('POST', '/session', { name, password: '' });
  assert.equal(tried.status, 401);
  // The first account is still to be made: whoever came by the provider took it from nobody.
  assert.equal((await byPassword.ask('GET', '/session')).json.setup, true);
  const welcome = { token: 'the-setup-token', name: 'berta', password };
  assert.equal((await byPassword.ask('POST', '/welcome', welcome)).status, 200);
  await stand.ask('DELETE', `/api/v1/users/${name}`);
  assert.equal(await browser.signedIn(), null);
});

test('where users are not created, those come in whom an administrator added', async (context) => {
  const provider = await startProvider(context);
  provider.serve(returnUrl);
  const stand = await open(context, provider, { create: false });
  anna(provider, ['everybody']);
  const refused = await signIn(new ConsoleBrowser(stand, origin));
  assert.equal(refused.status, 401);
  assert.match(refused.json.message, /nobody added you here/);
  assert.deepEqual(last(stand), ['session.refused', 'unknown', 'not-added']);
  const added = await stand.ask('POST', '/api/v1/users/oidc', {
    name: 'anna',
    subject: 'sub-anna',
  });
  assert.equal(added.status, 200);
  const twice = await stand.ask('POST', '/api/v1/users/oidc', {
    name: 'anna2',
    subject: 'sub-anna',
  });
  assert.equal(twice.status, 409);
  const browser = new ConsoleBrowser(stand, origin);
  assert.equal((await signIn(browser)).status, 200);
  assert.equal(await browser.signedIn(), 'person:anna');
});

/** Tokens that are not in order -> the word of the record. */
const lies: readonly (readonly [string, Lies, string])[] = [
  ['another nonce', { claims: { nonce: 'x' } }, 'wrong-nonce'],
  ['no nonce', { claims: { nonce: undefined } }, 'not-valid'],
  ['another audience', { claims: { aud: 'somebody-else' } }, 'wrong-audience'],
  ['audiences beside ours', { claims: { aud: ['portcullis', 'x'], azp: 'x' } }, 'wrong-audience'],
  ['another issuer', { claims: { iss: 'https://elsewhere.example' } }, 'wrong-issuer'],
  ['expired', { claims: { exp: 1_000_000_000 } }, 'expired'],
  ['no expiry', { claims: { exp: undefined } }, 'not-valid'],
  ['no subject', { claims: { sub: undefined } }, 'not-valid'],
  ['a key that is not theirs', { otherKey: true }, 'wrong-key'],
  ['a key that is not known', { otherKey: true, header: { kid: 'k2' } }, 'wrong-key'],
  ['unsigned', { unsigned: true }, 'not-valid'],
  ['signed with our secret', { header: { alg: 'HS256' } }, 'not-valid'],
  ['no role', { claims: { groups: ['nothing'] } }, 'no-role'],
  ['no groups', { claims: { groups: undefined } }, 'no-role'],
  ['no token', { body: '{"access_token":"at","token_type":"bearer"}' }, 'not-valid'],
  ['no JSON', { body: '<html>' }, 'not-valid'],
  ['too much', { body: `{"a":"${'x'.repeat(300_000)}"}` }, 'unreachable'],
  ['the code is refused', { status: 400, body: '{"error":"invalid_grant"}' }, 'code-refused'],
  ['an error of theirs', { status: 500, body: '{}' }, 'unreachable'],
];

/** What the browser comes back with from a provider that lies. */
function returned(provider: LyingProvider, url: URL, changes: Record<string, string> = {}): string {
  const state = url.searchParams.get('state') ?? '';
  return `?${new URLSearchParams({ code: 'c', state, iss: provider.issuer, ...changes }).toString()}`;
}

/** Signs in by a provider that could lie, and does not. */
async function signInBy(provider: LyingProvider, browser: ConsoleBrowser) {
  const url = await begin(browser);
  provider.lie({}, url.searchParams.get('nonce') ?? '');
  return browser.ask('POST', '/session/oidc', { query: returned(provider, url) });
}

test('a token that is not in order opens nothing, on record, and says nothing', async (context) => {
  const provider = await startLyingProvider(context);
  const stand = await open(context, provider);
  for (const [what, lie, reason] of lies) {
    const browser = new ConsoleBrowser(stand, origin);
    const url = await begin(browser);
    provider.lie(lie, url.searchParams.get('nonce') ?? '');
    const answer = await browser.ask('POST', '/session/oidc', { query: returned(provider, url) });
    assert.equal(answer.status, reason === 'unreachable' ? 409 : 401, what);
    assert.equal(await browser.signedIn(), null, what);
    assert.deepEqual(last(stand), ['session.refused', 'unknown', reason], what);
    assert.doesNotMatch(answer.json.message, /nonce|audience|signature|127\.0\.0\.1/, what);
    stand.pass(60_000);
  }
  assert.deepEqual((await stand.ask('GET', '/api/v1/users')).json, []);
  const browser = new ConsoleBrowser(stand, origin);
  const good = await signInBy(provider, browser);
  assert.equal(good.status, 200);
});

/** What somebody may come back with in place of what was asked for -> the word of the record. */
const returns: readonly (readonly [string, Record<string, string>, string])[] = [
  ['another state', { state: 'x' }, 'wrong-state'],
  ['no state', { state: '' }, 'wrong-state'],
  ['another provider', { iss: 'https://elsewhere.example' }, 'wrong-issuer'],
  ['a refusal', { error: 'access_denied' }, 'refused-by-provider'],
];

test('what comes back must be what was begun, once, soon, in this browser', async (context) => {
  const provider = await startLyingProvider(context);
  const stand = await open(context, provider);
  for (const [what, changes, reason] of returns) {
    const browser = new ConsoleBrowser(stand, origin);
    const url = await begin(browser);
    provider.lie({}, url.searchParams.get('nonce') ?? '');
    const query = returned(provider, url, changes);
    assert.equal((await browser.ask('POST', '/session/oidc', { query })).status, 401, what);
    assert.deepEqual(last(stand), ['session.refused', 'unknown', reason], what);
    const right = { query: returned(provider, url) };
    assert.equal((await browser.ask('POST', '/session/oidc', right)).status, 409, what);
  }
  assert.equal(provider.exchanges(), 0);

  const browser = new ConsoleBrowser(stand, origin);
  const url = await begin(browser);
  provider.lie({}, url.searchParams.get('nonce') ?? '');
  const query = returned(provider, url);
  const stranger = new ConsoleBrowser(stand, origin);
  assert.equal((await stranger.ask('POST', '/session/oidc', { query })).status, 409);
  await begin(stranger);
  assert.equal((await stranger.ask('POST', '/session/oidc', { query })).status, 401);
  const kept = new Map(browser.cookies);
  assert.equal((await browser.ask('POST', '/session/oidc', { query })).status, 200);
  for (const [name, value] of kept) browser.cookies.set(name, value);
  assert.equal((await browser.ask('POST', '/session/oidc', { query })).status, 409);

  const late = new ConsoleBrowser(stand, origin);
  const slow = await begin(late);
  stand.pass(600_000);
  const over = await late.ask('POST', '/session/oidc', { query: returned(provider, slow) });
  assert.equal(over.status, 409);
  const foreign = new ConsoleBrowser(stand, origin);
  await begin(foreign);
  foreign.site = 'cross-site';
  assert.equal((await foreign.ask('POST', '/session/oidc', { query })).status, 403);
  assert.equal((await foreign.ask('POST', '/session/oidc/begin', {})).status, 403);
});

test('tabs that sign in by the provider, and one that does by a passkey, leave each other be', async (context) => {
  const provider = await startLyingProvider(context);
  const stand = await open(context, provider);
  const browser = new ConsoleBrowser(stand, origin);
  const end = async (url: URL): Promise<number> => {
    provider.lie({}, url.searchParams.get('nonce') ?? '');
    return (await browser.ask('POST', '/session/oidc', { query: returned(provider, url) })).status;
  };
  const [first, second] = [await begin(browser), await begin(browser)];
  const passkey = await browser.ask('POST', '/session/passkey/begin', {});
  assert.equal(passkey.status, 200);
  assert.equal(await end(first), 200);
  assert.equal(await end(second), 200);
  assert.equal(await end(second), 409);
});

test('strangers who come back with codes of their own ask the provider for few at once', async (context) => {
  const provider = await startLyingProvider(context);
  const stand = await open(context, provider);
  const { promise: held, resolve: answerThem } = Promise.withResolvers<null>();
  context.after(() => answerThem(null));
  provider.lie({ held, status: 400, body: '{"error":"invalid_grant"}' }, '');
  const back = async (): Promise<number> => {
    const browser = new ConsoleBrowser(stand, origin);
    const query = returned(provider, await begin(browser));
    return (await browser.ask('POST', '/session/oidc', { query })).status;
  };
  const few = Array.from({ length: 8 }, back);
  await until('each asks the provider', () => provider.exchanges() === few.length);
  const before = stand.records.length;
  assert.equal(await back(), 429);
  assert.equal(provider.exchanges(), few.length);
  assert.equal(stand.records.length, before, 'nothing was tried');
  answerThem(null);
  assert.deepEqual(new Set(await Promise.all(few)), new Set([401]));
  assert.equal(await back(), 401, 'there is room again');
});

test('a provider that is down keeps nobody with a password out, and is asked again', async (context) => {
  const provider = await startLyingProvider(context);
  const stand = await open(context, provider);
  const browser = new ConsoleBrowser(stand, origin);
  const welcome = { token: 'the-setup-token', name: 'berta', password };
  assert.equal((await browser.ask('POST', '/welcome', welcome)).status, 200);
  const ways = async (): Promise<unknown> => (await browser.ask('GET', '/session/ways')).json;
  assert.deepEqual(await ways(), { oidc: { name: 'Example', reachable: true } });
  await provider.close();
  stand.pass(3_600_000);
  assert.deepEqual(await ways(), { oidc: { name: 'Example', reachable: false } });
  const begun = await browser.ask('POST', '/session/oidc/begin', {});
  assert.equal(begun.status, 409);
  assert.match(begun.json.message, /Example does not answer: sign in by your password/);
  const byPassword = { name: 'berta', password };
  assert.equal((await browser.ask('POST', '/session', byPassword)).status, 200);
});

test('a session of whoever had the name before is not one of whoever has it now', async (context) => {
  const provider = await startLyingProvider(context);
  const stand = await open(context, provider);
  const nowMs = stand.deps.clock.nowMs();
  const stale = { tokenSha256: digest('stale'), userName: 'anna', createdMs: nowMs, seenMs: nowMs };
  await stand.deps.users.insertSession(stale);
  const added = await stand.ask('POST', '/api/v1/users/oidc', {
    name: 'anna',
    subject: 'sub-anna',
  });
  assert.equal(added.status, 200);
  const browser = new ConsoleBrowser(stand, origin);
  browser.cookies.set(cookieName, 'stale');
  assert.equal(await browser.signedIn(), null);
});

test('a start ends the sessions of whoever came by a provider, and no others', async (context) => {
  const provider = await startLyingProvider(context);
  const stand = await open(context, provider);
  const browser = new ConsoleBrowser(stand, origin);
  await signInBy(provider, browser);
  const berta = new ConsoleBrowser(stand, origin);
  const welcome = { token: 'the-setup-token', name: 'berta', password };
  assert.equal((await berta.ask('POST', '/welcome', welcome)).status, 200);
  assert.notEqual(await browser.signedIn(), null);
  await endProviderSessions(stand.deps.users);
  assert.equal(await browser.signedIn(), null);
  assert.equal(await berta.signedIn(), 'person:berta');
});

test('sessions of a provider that the file names no more are over', async (context) => {
  const provider = await startLyingProvider(context);
  const stand = await open(context, provider);
  const browser = new ConsoleBrowser(stand, origin);
  await signInBy(provider, browser);
  assert.notEqual(await browser.signedIn(), null);
  stand.forgetProvider();
  assert.equal(await browser.signedIn(), null);
  assert.deepEqual((await browser.ask('GET', '/session/ways')).json, { oidc: null });
  assert.equal((await browser.ask('POST', '/session/oidc/begin', {})).status, 409);
});
