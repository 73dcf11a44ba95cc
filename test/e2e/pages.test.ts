import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { browserPath, openBrowser, type BrowserPage } from '../support/browser.ts';
import { startGateway, temporaryFolder, type GatewayProcess } from '../support/gateway-process.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { fileGrant, writeOperatorFile } from '../support/operator-file.ts';

const server = fileURLToPath(new URL('../fixtures/hostile-server.mjs', import.meta.url));
const skip = browserPath === null ? 'there is no Chromium on this machine' : false;

const grant = fileGrant('hostile', ['hostile'], 'open');

/** A gateway in front of a server whose names are written to run in the page that shows them. */
async function start(context: TestContext): Promise<{ gateway: GatewayProcess; key: string }> {
  const dataDir = await temporaryFolder(context);
  const config = await writeOperatorFile(join(dataDir, 'config'), {
    servers: { hostile: { command: process.execPath, args: [server] } },
    policies: { open: { version: '1', default: 'allow' } },
    grants: [grant],
  });
  const gateway = await startGateway({ dataDir, args: ['--config', config] });
  context.after(() => gateway.end('SIGTERM'));
  return { gateway, key: (await readFile(join(dataDir, 'operator.key'), 'utf8')).trim() };
}

async function open(context: TestContext): Promise<BrowserPage> {
  // The tests are skipped where there is none.
  const page = await openBrowser(browserPath as string);
  context.after(() => page.close());
  return page;
}

test('a browser signs in by its keyboard alone', { skip }, async (context) => {
  const { gateway, key } = await start(context);
  const page = await open(context);
  await page.go(`${gateway.url}/`);
  await page.until(`document.activeElement?.id === 'key'`);
  await page.type('not the key');
  await page.press('Enter');
  await page.until(`document.querySelector('[role=alert]') !== null`);
  assert.match(String(await page.value('document.body.innerText')), /That is not the key/);
  await page.until(`document.activeElement?.id === 'key'`);
  await page.type(key);
  await page.press('Tab');
  await page.until(`document.activeElement?.tagName === 'BUTTON'`);
  await page.press('Enter');
  await page.until(`location.pathname === '/' && document.title.startsWith('Overview')`);
  assert.match(String(await page.value('document.body.innerText')), /No call yet/);
});

test(
  'names that a server or an agent chose do not run, and nothing is fetched from elsewhere',
  {
    skip,
  },
  async (context) => {
    const { gateway, key } = await start(context);
    const client = { url: `${gateway.url}/s/hostile/mcp`, token: grant.token };
    const names = ['<script>alert(1)</script>', '"><img src=https://elsewhere.invalid/y>'];
    for (const name of names) await post(client, modernCall(name, {}));
    const page = await open(context);
    await page.go(`${gateway.url}/`);
    await page.until(`document.activeElement?.id === 'key'`);
    await page.type(key);
    await page.press('Enter');
    await page.until(`document.title.startsWith('Overview')`);
    const text = String(await page.value('document.body.innerText'));
    for (const name of names) assert.ok(text.includes(name), text);
    assert.equal(await page.value(`document.querySelectorAll('script, img').length`), 0);
    assert.equal(page.dialogs(), 0);
    const elsewhere = page.requests().filter((url) => !url.startsWith(`${gateway.url}/`));
    assert.deepEqual(elsewhere, []);
  },
);

test('a connection that a browser opened ahead of need does not hold up the end', async (context) => {
  const { gateway } = await start(context);
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(gateway.url).port) });
  await new Promise((resolve) => socket.once('connect', resolve));
  const startedMs = performance.now();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => null);
  socket.resume();
  assert.deepEqual(await gateway.end('SIGTERM'), { code: 0, signal: null });
  await closed;
  // Half of what calls under way are waited for.
  assert.ok(performance.now() - startedMs < 15_000);
});
