import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';

import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core';

import { browserPath } from '../support/browser.ts';
import { operate, password, signInAs, welcomeToken } from '../support/console-stand.ts';
import {
  command,
  startGateway,
  temporaryFolder,
  type GatewayProcess,
} from '../support/gateway-process.ts';
import { startProvider } from '../support/oidc-servers.ts';
import { writeOperatorFile } from '../support/operator-file.ts';

const skip = browserPath === null ? 'there is no Chromium on this machine' : false;

let browser: Browser;

before(async () => {
  if (skip !== false) return;
  const built = await command(process.execPath, ['scripts/console.ts', '--if-stale'], {
    msMax: 120_000,
  });
  assert.equal(built.code, 0, built.stderr);
  const args = ['--no-sandbox', '--disable-background-networking'];
  browser = await chromium.launch({ executablePath: browserPath ?? '', args });
});
after(() => browser?.close());

interface Visit {
  readonly page: Page;
  readonly debug: CDPSession;
  /** The browser's own authenticator, which says yes. */
  readonly authenticatorId: string;
  readonly faults: readonly string[];
}

/** A browser of its own with a virtual authenticator that keeps passkeys and knows its owner. */
async function visit(context: TestContext): Promise<Visit> {
  const own = await browser.newContext();
  context.after(() => own.close());
  const page = await own.newPage();
  page.setDefaultTimeout(60_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(message.text());
  });
  const debug = await own.newCDPSession(page);
  await debug.send('WebAuthn.enable');
  const { authenticatorId } = await debug.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  });
  return { page, debug, authenticatorId, faults };
}

/** What a gateway is started with besides. */
interface StartMore {
  readonly console?: object;
  readonly env?: Readonly<Record<string, string>>;
}

interface Stand {
  readonly gateway: GatewayProcess;
  /** The operator's. */
  readonly key: string;
  /** The console by the name that passkeys can belong to. */
  readonly url: string;
}

/** A gateway with the user `anna` and no server. */
async function start(context: TestContext, more: StartMore = {}): Promise<Stand> {
  const dataDir = await temporaryFolder(context);
  const file = { servers: {}, policies: {}, grants: [], more: { console: more.console ?? {} } };
  const config = await writeOperatorFile(join(dataDir, 'config'), file);
  const args = ['--config', config];
  const gateway = await startGateway(context, { dataDir, args, env: more.env ?? {} });
  const key = (await readFile(join(dataDir, 'operator.key'), 'utf8')).trim();
  const body = { token: welcomeToken(gateway), name: 'anna', password };
  await operate(gateway.url, key, { method: 'POST', path: '/welcome', body });
  return { gateway, key, url: gateway.url.replace('127.0.0.1', 'localhost') };
}

async function addPasskey(page: Page, url: string, label: string): Promise<void> {
  await page.goto(`${url}/console/account`);
  const opener = page.getByRole('button', { name: 'Add a passkey' });
  await opener.press('Enter');
  // By the keyboard alone: the field for the name has it.
  await page.getByLabel('Name').waitFor();
  await page.keyboard.type(label);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.getByRole('cell', { name: label, exact: true }).waitFor();
}

describe('passkeys', { skip }, () => {
  test('one is added, signs in, and is removed', async (context) => {
    const { url } = await start(context);
    const { page, debug, authenticatorId, faults } = await visit(context);
    await signInAs(page, { url, name: 'anna', password });
    await addPasskey(page, url, 'work laptop');
    const { credentials } = await debug.send('WebAuthn.getCredentials', { authenticatorId });
    assert.deepEqual(
      credentials.map(({ rpId, isResidentCredential }) => [rpId, isResidentCredential]),
      [['localhost', true]],
    );

    await page.getByRole('button', { name: 'Sign out' }).click();
    const use = page.getByRole('button', { name: 'Use a passkey' });
    await use.waitFor();
    await use.press('Enter');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByRole('link', { name: 'your account' }).click();
    await page.getByRole('cell', { name: 'work laptop', exact: true }).waitFor();
    assert.equal(await page.getByRole('cell', { name: 'never' }).count(), 0);

    await page.getByRole('button', { name: 'Remove work laptop' }).press('Enter');
    // It is asked once more; the session of the page stays.
    await page.getByRole('button', { name: /^Remove it/ }).press('Enter');
    await page.getByText('No passkey yet').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await use.click();
    await page.getByRole('alert').getByText('does not know the passkey').waitFor();
    assert.deepEqual(faults, []);
  });

  test('a copied key is told by its counter, and nobody is let in unverified', async (context) => {
    const { gateway, key, url } = await start(context);
    const { page, debug, authenticatorId } = await visit(context);
    await signInAs(page, { url, name: 'anna', password });
    await addPasskey(page, url, 'blue key');
    const { credentials } = await debug.send('WebAuthn.getCredentials', { authenticatorId });
    const [copy] = credentials;
    assert.ok(copy !== undefined);
    const use = page.getByRole('button', { name: 'Use a passkey' });
    await page.getByRole('button', { name: 'Sign out' }).click();
    await use.click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();

    await debug.send('WebAuthn.clearCredentials', { authenticatorId });
    await debug.send('WebAuthn.addCredential', { authenticatorId, credential: copy });
    await use.click();
    await page.getByRole('alert').getByText('may have been copied').waitFor();
    const { records } = await operate(gateway.url, key, { method: 'GET', path: '/records' });
    assert.ok(JSON.stringify(records).includes('counter-not-grown'));

    await debug.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await use.click();
    await page.getByRole('alert').getByText('no passkey was given').waitFor();
    assert.match(page.url(), /\/console\/sign-in$/);
  });

  test('a page that was opened by an address says where passkeys work', async (context) => {
    const { gateway, url } = await start(context);
    const { page } = await visit(context);
    await page.goto(`${gateway.url}/console/sign-in`);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    const link = page.getByRole('link', { name: `${url}/console/` });
    await link.waitFor();
    await link.click();
    await page.getByRole('button', { name: 'Use a passkey' }).waitFor();
    assert.equal(new URL(page.url()).origin, url);
  });
});

describe('an OpenID provider', { skip }, () => {
  test('the browser goes there and comes back; one that is down keeps no password out', async (context) => {
    const provider = await startProvider(context);
    const { issuer, clientId, clientSecret } = provider;
    const role = { claim: 'groups', values: { security: 'admin' } };
    const { gateway, url } = await start(context, {
      console: {
        oidc: { name: 'Example', issuer, clientId, clientSecret: { env: 'OIDC_SECRET' }, role },
      },
      env: { OIDC_SECRET: clientSecret },
    });
    provider.serve(`${url}/console/signed-in`);
    const { page, faults } = await visit(context);
    const go = page.getByRole('button', { name: 'Continue with Example' });

    provider.next = { subject: 's-1', claims: { groups: ['else'], preferred_username: 'clara' } };
    await page.goto(`${url}/console/sign-in?next=/log`);
    await go.press('Enter');
    await page.getByRole('alert').getByText('none of your groups has a role here').waitFor();
    assert.equal(page.url(), `${url}/console/signed-in`);
    provider.next = {
      subject: 's-1',
      claims: { groups: ['security'], preferred_username: 'clara' },
    };
    await page.goto(`${url}/console/sign-in?next=/log`);
    await go.press('Enter');
    await page.getByRole('heading', { name: 'Log', level: 1 }).waitFor();
    await page.goto(`${url}/console/users`);
    await page.getByRole('row', { name: /clara@127\.0\.0\.1 \(you\).*by Example/ }).waitFor();
    await page.goto(`${url}/console/account`);
    await page.getByText('You come by Example').waitFor();

    // Another gateway of the same file, while the provider is gone.
    await gateway.end('SIGTERM');
    await provider.close();
    const second = await start(context, {
      console: {
        oidc: { name: 'Example', issuer, clientId, clientSecret: { env: 'OIDC_SECRET' }, role },
      },
      env: { OIDC_SECRET: clientSecret },
    });
    await page.goto(`${second.url}/console/sign-in`);
    await page.getByRole('status').getByText('Example does not answer now').waitFor();
    await signInAs(page, { url: second.url, name: 'anna', password });
    assert.deepEqual(faults, []);
  });
});
