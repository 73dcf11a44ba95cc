import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, test } from 'node:test';

import { SoftAuthenticator, type Faults } from '../../test/support/authenticator.ts';
import { ConsoleBrowser } from '../../test/support/console-browser.ts';
import { openControl, type ControlStand } from '../../test/support/control.ts';

const stands: ControlStand[] = [];
after(() => Promise.all(stands.map((stand) => stand.close())));

const origin = 'http://localhost:8420';
const password = 'a long enough password';

async function open(): Promise<ControlStand> {
  const stand = await openControl();
  stands.push(stand);
  return stand;
}

async function account(
  stand: ControlStand,
  name: string,
  from: string = origin,
): Promise<ConsoleBrowser> {
  const invited = await stand.ask('POST', '/api/v1/users', { name, role: 'viewer' });
  const browser = new ConsoleBrowser(stand, from);
  const { token } = invited.json as { token: string };
  assert.equal((await browser.ask('POST', '/welcome', { token, name, password })).status, 200);
  return browser.entered();
}

async function register(browser: ConsoleBrowser, faults: Faults = {}): Promise<SoftAuthenticator> {
  const key = new SoftAuthenticator(browser.origin);
  const begun = await browser.ask('POST', '/session/passkeys/begin', { password });
  assert.equal(begun.status, 200, JSON.stringify(begun.json));
  const response = key.create(begun.json.options, faults);
  const added = await browser.ask('POST', '/session/passkeys', { label: 'blue key', response });
  assert.equal(added.status, 200, JSON.stringify(added.json));
  return key;
}

async function signIn(browser: ConsoleBrowser, key: SoftAuthenticator, faults: Faults = {}) {
  const { json } = await browser.ask('POST', '/session/passkey/begin', {});
  const response = key.sign(json.options, faults);
  return browser.ask('POST', '/session/passkey', { response });
}

function actions(stand: ControlStand): readonly string[] {
  return stand.records.map((one) => (one.kind === 'admin' ? one.action : one.kind));
}

/** Members of the last record that say what became of a sign-in. */
function last(stand: ControlStand): readonly unknown[] {
  const record = stand.records.at(-1);
  if (record?.kind !== 'admin') return [];
  return [record.actor, record.action, record.subject, record.detail['reason']];
}

test('a passkey is added, opens the console, and is removed with the sessions it opened', async () => {
  const stand = await open();
  const anna = await account(stand, 'anna');
  const key = await register(anna);
  const elsewhere = new ConsoleBrowser(stand, origin);
  const answer = await signIn(elsewhere, key);
  assert.equal(answer.status, 200);
  assert.match(answer.cookie, /portcullis_session=[^;]+;.*HttpOnly;.*SameSite=Strict/);
  assert.equal(await elsewhere.signedIn(), 'person:anna');
  const [listed] = (await anna.ask('GET', '/session/passkeys')).json;
  assert.deepEqual(
    { label: listed.label, site: listed.site, used: listed.usedMs !== null },
    { label: 'blue key', site: 'localhost', used: true },
  );
  assert.equal((await anna.ask('DELETE', `/session/passkeys/${key.id}`)).status, 200);
  assert.equal(await elsewhere.signedIn(), null);
  assert.equal(await anna.signedIn(), 'person:anna');
  assert.equal((await signIn(elsewhere, key)).status, 401);
  assert.deepEqual(actions(stand).slice(-4), [
    'passkey.add',
    'session.open',
    'passkey.remove',
    'session.refused',
  ]);
});

const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

/** What is wrong with an answer -> the word of its record. */
const refusals: readonly (readonly [string, Faults, string])[] = [
  ['another origin', { origin: 'http://localhost:9999' }, 'wrong-origin'],
  ['an origin of the same name over https', { origin: 'https://localhost:8420' }, 'wrong-origin'],
  ['a challenge of its own', { challenge: 'AAAA' }, 'wrong-challenge'],
  ['another relying party', { rpId: 'example.com' }, 'wrong-site'],
  ['nobody verified', { unverified: true }, 'user-not-verified'],
  ['another key', { key: otherKey }, 'not-valid'],
  ['a registration in place of a sign-in', { type: 'webauthn.create' }, 'not-valid'],
  ['no owner', { handle: '' }, 'not-the-owner'],
  ['another owner', { handle: 'AAAA' }, 'not-the-owner'],
  ['a counter that stands still', { counter: 1 }, 'counter-not-grown'],
  ['a counter of a copy', { counter: 0 }, 'counter-not-grown'],
  ['a copy without the key', { counter: 0, key: otherKey }, 'not-valid'],
];

test('what is no answer of this passkey to this page opens nothing, on record', async () => {
  const stand = await open();
  const key = await register(await account(stand, 'anna'));
  assert.equal((await signIn(new ConsoleBrowser(stand, origin), key)).status, 200);
  for (const [what, faults, reason] of refusals) {
    const browser = new ConsoleBrowser(stand, origin);
    const answer = await signIn(browser, key, faults);
    assert.equal(answer.status, 401, what);
    assert.equal(await browser.signedIn(), null, what);
    assert.deepEqual(last(stand), ['nobody', 'session.refused', 'anna', reason], what);
    stand.pass(300_000);
  }
  assert.equal((await signIn(new ConsoleBrowser(stand, origin), key)).status, 200);
});

test('each tab of a browser ends what it began, the newest few of them', async () => {
  const stand = await open();
  const key = await register(await account(stand, 'anna'));
  const browser = new ConsoleBrowser(stand, origin);
  const begin = async (): Promise<Parameters<SoftAuthenticator['sign']>[0]> =>
    (await browser.ask('POST', '/session/passkey/begin', {})).json.options;
  const end = async (options: Parameters<SoftAuthenticator['sign']>[0]): Promise<number> =>
    (await browser.ask('POST', '/session/passkey', { response: key.sign(options) })).status;
  const [first, second, third] = [await begin(), await begin(), await begin()];
  assert.equal(await end(second), 200);
  assert.equal(await end(first), 200);
  // What no tab began spends what was begun last, so that nothing is tried twice.
  assert.equal(await end(first), 401);
  assert.equal(await end(third), 409);
  const many = [await begin(), await begin(), await begin(), await begin(), await begin()];
  for (const options of many.slice(1)) assert.equal(await end(options), 200);
  assert.equal(await end(many[0] ?? third), 409, 'four are carried, however many are begun');
});

test('an answer is good once, soon, and in the browser that asked for it', async () => {
  const stand = await open();
  const key = await register(await account(stand, 'anna'));
  const ask = async (browser: ConsoleBrowser): Promise<object> => {
    const { json } = await browser.ask('POST', '/session/passkey/begin', {});
    return { response: key.sign(json.options) };
  };
  const browser = new ConsoleBrowser(stand, origin);
  const answer = await ask(browser);
  const stranger = new ConsoleBrowser(stand, origin);
  await stranger.ask('POST', '/session/passkey/begin', {});
  assert.equal((await stranger.ask('POST', '/session/passkey', answer)).status, 401);
  const none = new ConsoleBrowser(stand, origin);
  assert.equal((await none.ask('POST', '/session/passkey', answer)).status, 409);
  const kept = new Map(browser.cookies);
  assert.equal((await browser.ask('POST', '/session/passkey', answer)).status, 200);
  for (const [name, value] of kept) browser.cookies.set(name, value);
  assert.equal((await browser.ask('POST', '/session/passkey', answer)).status, 409);
  const late = new ConsoleBrowser(stand, origin);
  const begun = await ask(late);
  stand.pass(300_000);
  assert.equal((await late.ask('POST', '/session/passkey', begun)).status, 409);
});

test('whoever signs in without end is told to wait, and nobody else', async () => {
  const stand = await open();
  const key = await register(await account(stand, 'anna'));
  const other = await register(await account(stand, 'berta'));
  for (let n = 0; n < 100; n += 1) {
    assert.equal((await signIn(new ConsoleBrowser(stand, origin), key)).status, 200);
  }
  const browser = new ConsoleBrowser(stand, origin);
  const answer = await signIn(browser, key);
  assert.equal(answer.status, 429);
  assert.match(answer.json.message, /you signed in very often .* wait 300 seconds/);
  assert.equal(await browser.signedIn(), null);
  assert.equal((await signIn(new ConsoleBrowser(stand, origin), other)).status, 200);
  stand.pass(300_000);
  assert.equal((await signIn(browser, key)).status, 200);
});

// B-127: the id of what is somebody else's.
test('a passkey of somebody else is neither seen nor removed, nor signs in another', async () => {
  const stand = await open();
  const anna = await account(stand, 'anna');
  const berta = await account(stand, 'berta');
  const key = await register(anna);
  assert.deepEqual((await berta.ask('GET', '/session/passkeys')).json, []);
  assert.equal((await berta.ask('DELETE', `/session/passkeys/${key.id}`)).status, 404);
  const hers = await register(berta);
  const browser = new ConsoleBrowser(stand, origin);
  assert.equal((await signIn(browser, hers, { handle: key.handle })).status, 401);
  assert.equal((await signIn(browser, key)).status, 200);
  assert.equal(await browser.signedIn(), 'person:anna');
});

const badRegistrations: readonly (readonly [string, Faults, RegExp])[] = [
  ['another origin', { origin: 'http://localhost:1' }, /begun/],
  ['another challenge', { challenge: 'AAAA' }, /begun/],
  ['another site', { rpId: 'example.com' }, /begun/],
  ['nobody verified', { unverified: true }, /PIN/],
  ['certificates', { attested: true }, /certificates/],
  ['a sign-in', { type: 'webauthn.get' }, /begun/],
];

test('what is no registration that was begun here adds nothing, on record', async () => {
  const stand = await open();
  const anna = await account(stand, 'anna');
  for (const [what, faults, message] of badRegistrations) {
    const key = new SoftAuthenticator(origin);
    const { json } = await anna.ask('POST', '/session/passkeys/begin', { password });
    const input = { label: 'x', response: key.create(json.options, faults) };
    const answer = await anna.ask('POST', '/session/passkeys', input);
    assert.equal(answer.status, 400, what);
    assert.match(answer.json.message, message, what);
    assert.equal(actions(stand).at(-1), 'passkey.refused', what);
    const again = await anna.ask('POST', '/session/passkeys', input);
    assert.equal(again.status, 409, `${what}, again`);
  }
  const wrong = await anna.ask('POST', '/session/passkeys/begin', { password: 'not it at all' });
  assert.equal(wrong.status, 401);
  const { json } = await anna.ask('POST', '/session/passkeys/begin', { password });
  const input = { label: 'x', response: new SoftAuthenticator(origin).create(json.options) };
  const other = await account(stand, 'berta');
  assert.equal((await other.ask('POST', '/session/passkeys', input)).status, 409);
  stand.pass(300_000);
  assert.equal((await anna.ask('POST', '/session/passkeys', input)).status, 409);
  assert.deepEqual((await anna.ask('GET', '/session/passkeys')).json, []);
});

test('another password by an administrator, and the end of a user, end their passkeys', async () => {
  const stand = await open();
  const anna = await account(stand, 'anna');
  const key = await register(anna);
  const again = await stand.ask('POST', '/api/v1/users/anna/invite');
  assert.equal(again.status, 200);
  assert.equal((await signIn(new ConsoleBrowser(stand, origin), key)).status, 401);
  const { token } = again.json as { token: string };
  const back = new ConsoleBrowser(stand, origin);
  assert.equal((await back.ask('POST', '/welcome', { token, name: 'anna', password })).status, 200);
  await back.entered();
  assert.deepEqual((await back.ask('GET', '/session/passkeys')).json, []);
  const second = await register(back);
  await stand.ask('DELETE', '/api/v1/users/anna');
  assert.equal(await back.signedIn(), null);
  stand.pass(300_000);
  await account(stand, 'anna');
  assert.equal((await signIn(new ConsoleBrowser(stand, origin), second)).status, 401);
  assert.equal((await signIn(new ConsoleBrowser(stand, origin), key)).status, 401);
});

/** Where a page was opened -> what passkeys say of it; null where they work. */
const places: readonly (readonly [string, RegExp | null])[] = [
  ['http://localhost:8420', null],
  ['https://gate.example.com', null],
  ['http://127.0.0.1:8420', /open http:\/\/localhost:8420\/console\/ instead/],
  ['http://[::1]:8420', /open http:\/\/localhost:8420\/console\/ instead/],
  ['https://192.0.2.7', /host name/],
  ['http://gate.example.com', /https/],
];

test('passkeys say where they work, and where to go', async () => {
  const stand = await open();
  for (const [place, message] of places) {
    const browser = new ConsoleBrowser(stand, place);
    const answer = await browser.ask('POST', '/session/passkey/begin', {});
    assert.equal(answer.status, message === null ? 200 : 409, place);
    if (message !== null) assert.match(answer.json.message, message, place);
    const secure = place.startsWith('https:') ? /; Secure/ : /^(?!.*Secure)/s;
    if (message === null) assert.match(answer.cookie, secure, place);
  }
  const headers = { 'content-type': 'application/json', host: 'localhost:8420' };
  for (const more of [{}, { origin: 'https://pages.example.com' }, { origin: 'null' }]) {
    const init = { method: 'POST', headers: { ...headers, ...more }, body: '{}' };
    const answer = await stand.api.request('/api/v1/session/passkey/begin', init);
    assert.equal(answer.status, 409, JSON.stringify(more));
  }
});

test('whoever tries a passkey in vain waits; their password, and others, do not', async () => {
  const stand = await open();
  const key = await register(await account(stand, 'anna'));
  const other = await register(await account(stand, 'berta'));
  for (let tries = 0; tries < 5; tries += 1) {
    assert.equal(
      (await signIn(new ConsoleBrowser(stand, origin), key, { key: otherKey })).status,
      401,
    );
  }
  assert.equal((await signIn(new ConsoleBrowser(stand, origin), key)).status, 429);
  assert.equal((await signIn(new ConsoleBrowser(stand, origin), other)).status, 200);
  const byPassword = { name: 'anna', password };
  assert.equal(
    (await new ConsoleBrowser(stand, origin).ask('POST', '/session', byPassword)).status,
    200,
  );
  stand.pass(2_000);
  assert.equal((await signIn(new ConsoleBrowser(stand, origin), key)).status, 200);
});

test('nobody is let in, and nothing is added, that cannot be put on record', async () => {
  const stand = await open();
  const anna = await account(stand, 'anna');
  const key = await register(anna);
  const next = new SoftAuthenticator(origin);
  const { json } = await anna.ask('POST', '/session/passkeys/begin', { password });
  stand.breakAudit(true);
  const response = next.create(json.options);
  const added = await anna.ask('POST', '/session/passkeys', { label: 'x', response });
  assert.equal(added.status, 503);
  const browser = new ConsoleBrowser(stand, origin);
  assert.equal((await signIn(browser, key)).status, 503);
  assert.equal((await browser.ask('POST', '/session', { name: 'anna', password })).status, 503);
  assert.equal(await browser.signedIn(), null);
  stand.breakAudit(false);
  assert.equal((await anna.ask('GET', '/session/passkeys')).json.length, 1);
});

test('the operator key and grants have no passkeys', async () => {
  const stand = await open();
  assert.deepEqual((await stand.ask('GET', '/api/v1/session/passkeys')).json, []);
  const begun = await stand.ask('POST', '/api/v1/session/passkeys/begin', { password });
  assert.equal(begun.status, 409);
});

test('sign-ins by password are on record, and so are tries', async () => {
  const stand = await open();
  await account(stand, 'anna');
  const cases = [
    ['anna', 'not the password', ['nobody', 'session.refused', 'anna', 'wrong-password']],
    ['nobody-here', password, ['nobody', 'session.refused', 'unknown', 'wrong-password']],
    ['anna', password, ['person:anna', 'session.open', 'anna', undefined]],
  ] as const;
  for (const [name, given, expected] of cases) {
    await new ConsoleBrowser(stand, origin).ask('POST', '/session', { name, password: given });
    assert.deepEqual(last(stand), expected);
  }
});
