import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { HtmlValidate } from 'html-validate';

import { browserPath, openBrowser } from '../support/browser.ts';
import { startGateway, temporaryFolder, type GatewayProcess } from '../support/gateway-process.ts';
import { until } from '../support/until.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { fileGrant, writeOperatorFile } from '../support/operator-file.ts';

const hostile = fileURLToPath(new URL('../fixtures/hostile-server.mjs', import.meta.url));
const scanned = fileURLToPath(new URL('../fixtures/scanned-server.mjs', import.meta.url));
const noBrowser = browserPath === null ? 'there is no Chromium on this machine' : false;

const tools = [
  { name: 'delete note/all', description: 'Deletes every note. ', inputSchema: { type: 'object' } },
  { name: '查询天气', description: '获取天气', inputSchema: {} },
  { name: 'create_note', description: 'Creates a note', annotations: { readOnlyHint: true } },
];
const asking = fileGrant('asking', ['registry'], 'asks');

interface Stand {
  readonly gateway: GatewayProcess;
  readonly get: (path: string) => Promise<Response>;
  readonly send: (method: string, path: string, body: unknown) => Promise<Response>;
  readonly key: string;
}

async function start(context: TestContext): Promise<Stand> {
  const dataDir = await temporaryFolder(context);
  const config = await writeOperatorFile(join(dataDir, 'config'), {
    servers: {
      hostile: { command: process.execPath, args: [hostile] },
      notes: { command: process.execPath, args: [scanned, 'plain', JSON.stringify(tools)] },
      registry: { url: 'portcullis:catalogue' },
    },
    policies: {
      asks: {
        version: '1',
        default: 'deny',
        tools: { search: {}, check_server: {}, check_tool: {} },
      },
    },
    grants: [asking],
  });
  const gateway = await startGateway(context, { dataDir, args: ['--config', config] });
  const key = (await readFile(join(dataDir, 'operator.key'), 'utf8')).trim();
  const headers = { authorization: `Bearer ${key}` };
  const get = (path: string): Promise<Response> => fetch(`${gateway.url}${path}`, { headers });
  const send = (method: string, path: string, body: unknown): Promise<Response> =>
    fetch(`${gateway.url}${path}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await until('everything is taken in', async () => {
    const found = JSON.parse(await (await get('/catalogue/json?q=note')).text());
    const servers = JSON.parse(await (await get('/catalogue/servers/json')).text());
    return found.total === 3 && servers.total === 2;
  });
  return { gateway, get, send, key };
}

async function pagesOf({ get }: Stand): Promise<readonly string[]> {
  const listed = JSON.parse(await (await get('/catalogue/json')).text());
  const toolPages = listed.items.map(
    (tool: { slug: string; server: { slug: string } }) =>
      `/catalogue/s/${encodeURIComponent(tool.server.slug)}/t/${encodeURIComponent(tool.slug)}`,
  );
  assert.equal(toolPages.length, 6);
  return [
    '/catalogue',
    '/catalogue?q=note&category=Write&risk=Medium',
    '/catalogue?q=nothing+has+this',
    '/catalogue/servers',
    '/catalogue/servers?q=no%25_',
    '/catalogue/risks',
    '/catalogue/changes',
    '/catalogue/s/notes',
    '/catalogue/s/hostile',
    ...toolPages,
  ];
}

test('every page is sound HTML, and the same as JSON', async (context) => {
  const stand = await start(context);
  const validator = new HtmlValidate({
    extends: ['html-validate:standard'],
    rules: { 'no-inline-style': 'error', 'long-title': 'off' },
  });
  for (const path of await pagesOf(stand)) {
    const response = await stand.get(path);
    assert.equal(response.status, 200, path);
    const report = await validator.validateString(await response.text());
    const problems = report.results.flatMap(({ messages }) =>
      messages.map(({ line, ruleId, message }) => `${path}:${line} ${ruleId}: ${message}`),
    );
    assert.deepEqual(problems, []);
    const [plain = '', query = ''] = path.split('?', 2);
    const json = await stand.get(`${plain}/json?${query}`);
    assert.equal(json.status, 200, `${plain}/json`);
    assert.equal(typeof (await json.json()), 'object');
  }
  assert.match(await (await stand.get('/llms.txt')).text(), /\/registry\/mcp/);
  assert.equal((await stand.get('/catalogue/s/nobody')).status, 404);
  assert.equal((await stand.get('/catalogue/s/notes/t/nothing')).status, 404);
  const closed = await fetch(`${stand.gateway.url}/catalogue`, { redirect: 'manual' });
  assert.deepEqual([closed.status, closed.headers.get('location')], [303, '/console/']);
});

test(
  'every page can be read with aids, and runs nothing that a server wrote',
  { skip: noBrowser },
  async (context) => {
    const stand = await start(context);
    const axe = await readFile(
      createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
      'utf8',
    );
    // The test is skipped where there is none.
    const page = await openBrowser(context, browserPath as string);
    await page.go(`${stand.gateway.url}/healthz`);
    await page.value(
      `fetch('/api/v1/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ key: '${stand.key}' }) }).then(() => { window.signedIn = true; }); 0`,
    );
    await page.until('window.signedIn === true');
    for (const path of await pagesOf(stand)) {
      await page.go(`${stand.gateway.url}${path}`);
      await page.until(
        `document.querySelector('h1') !== null && document.readyState === 'complete'`,
      );
      await page.value(
        `${axe}; window.found = undefined; axe.run({ resultTypes: ['violations'] }).then(({ violations }) => { window.found = violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html).join(' ')); }); 0`,
      );
      await page.until('window.found !== undefined');
      assert.deepEqual(await page.value('window.found'), [], path);
      assert.equal(await page.value(`document.querySelectorAll('script, img').length`), 0);
    }
    assert.equal(page.dialogs(), 0);
    const elsewhere = page.requests().filter((url) => !url.startsWith(`${stand.gateway.url}/`));
    assert.deepEqual(elsewhere, []);
  },
);

test('one click puts the recommended rule into the policy of a grant', async (context) => {
  const { get, send, gateway, key } = await start(context);
  const saved = await send('PUT', '/api/v1/policies/kept', {
    document: JSON.stringify({ version: '1', default: 'deny' }),
    basis: 0,
  });
  assert.equal(saved.status, 200, await saved.text());
  const granted = await send('POST', '/api/v1/grants', {
    label: 'editor',
    principal: 'agent:editor',
    servers: ['notes'],
    policies: { notes: 'kept' },
  });
  assert.equal(granted.status, 200, await granted.text());
  const path = '/catalogue/s/notes/t/create_note';
  assert.match(await (await get(path)).text(), /Apply to editor \(policy kept\)/);

  const click = (headers: Readonly<Record<string, string>>, body = 'policy=kept') =>
    fetch(`${gateway.url}${path}/apply`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/x-www-form-urlencoded',
        ...headers,
      },
      body,
    });
  const refused = [
    await click({ 'sec-fetch-site': 'cross-site' }),
    await click({ origin: 'https://elsewhere.invalid' }),
    await click({ 'content-type': 'text/plain' }),
    await click({}, 'policy=nothing'),
    await click({}, 'policy=asks'),
  ];
  for (const response of refused) assert.ok(response.status >= 400, String(response.status));
  const untouched = JSON.parse(await (await get('/api/v1/policies/kept')).text());
  assert.equal(untouched.version, 1);

  const signedIn = await send('POST', '/api/v1/session', { key });
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
  const form = (body: string): Promise<Response> =>
    fetch(`${gateway.url}${path}/apply`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
  assert.equal((await form('policy=kept')).status, 409);
  assert.equal((await form('policy=kept&csrf=made-up')).status, 409);
  const shown = await (await fetch(`${gateway.url}${path}`, { headers: { cookie } })).text();
  const csrf = /name="csrf" value="([^"]+)"/.exec(shown.replaceAll(/\s+/g, ' '))?.[1] ?? '';

  const applied = await form(`policy=kept&csrf=${encodeURIComponent(csrf)}`);
  assert.equal(applied.status, 200);
  assert.match(await applied.text(), /in force in policy kept, version 2/);
  const { document } = JSON.parse(await (await get('/api/v1/policies/kept')).text());
  const recommended = JSON.parse(await (await get(`${path}/policy.json`)).text());
  assert.deepEqual(JSON.parse(document).tools, recommended.tools);
});

test('the catalogue is an MCP server that policy rules', async (context) => {
  const { gateway } = await start(context);
  const client = { url: `${gateway.url}/registry/mcp`, token: asking.token };
  const call = async (name: string, args: object) =>
    JSON.parse((await post(client, modernCall(name, args))).text).result;
  const server = await call('check_server', { server: 'notes' });
  assert.equal(server.structuredContent.tools, 3);
  assert.equal(server.structuredContent.policy.tools['delete note/all'].action, 'require_approval');
  const inOtherCase = await call('check_server', { server: 'Notes' });
  assert.equal(inOtherCase.structuredContent.slug, 'notes');
  const tool = await call('check_tool', { server: 'notes', tool: 'delete note/all' });
  assert.equal(tool.structuredContent.category, 'Destructive');
  const found = await call('search', { query: 'note', risk: 'Critical' });
  assert.equal(found.structuredContent.total, 1);
  const unknown = await call('check_server', { server: 'never-seen' });
  assert.equal(unknown.isError, true);
  const denied = await call('changes', {});
  assert.equal(denied.isError, true);
  assert.match(JSON.stringify(denied), /decision/);
});
