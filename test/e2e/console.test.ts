import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { HtmlValidate } from 'html-validate';
import { chromium, type Browser, type Page } from 'playwright-core';

import { encodeHeaderValue } from '../../src/mcp/headers.ts';
import { browserPath } from '../support/browser.ts';
import { password, welcomeToken } from '../support/console-stand.ts';
import {
  command,
  startGateway,
  temporaryFolder,
  type GatewayProcess,
} from '../support/gateway-process.ts';
import { startManyTools } from '../support/many-tools.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { naughty, publicNaughty } from '../support/naughty.ts';
import { fileGrant, writeOperatorFile } from '../support/operator-file.ts';
import { until } from '../support/until.ts';
import {
  startFilesystemOverHttp,
  type FilesystemOverHttp,
} from '../support/filesystem-over-http.ts';
import { suiteScope } from '../support/scope.ts';

const skip = browserPath === null ? 'there is no Chromium on this machine' : false;
const hostileServer = fileURLToPath(new URL('../fixtures/hostile-server.mjs', import.meta.url));

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser: Browser;

before(async () => {
  if (skip !== false) return;
  const built = await command(process.execPath, ['scripts/console.ts', '--if-stale'], {
    msMax: 120_000,
  });
  assert.equal(built.code, 0, built.stderr);
  const executablePath = browserPath ?? '';
  const args = ['--no-sandbox', '--disable-background-networking'];
  browser = await chromium.launch({ executablePath, args });
});
after(() => browser?.close());

interface Watched {
  readonly page: Page;
  /** What went wrong in the page, and what it asked of others than the gateway. */
  readonly faults: readonly string[];
}

/** A page whose errors, dialogs, broken policies and foreign requests are counted. */
async function open(url: string): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const faults: string[] = [];
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) faults.push(`elsewhere: ${request.url()}`);
  });
  return { page, faults };
}

async function makeFirstAccount(page: Page, gateway: GatewayProcess): Promise<void> {
  await page.goto(`${gateway.url}/console/welcome#${welcomeToken(gateway)}`);
  await page.getByLabel('Name').fill('anna');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('The password again').fill(password);
  await page.getByRole('button', { name: 'Make the account and sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}

/** Serious issues that axe finds on a page as it stands. */
async function seriousIssues(page: Page): Promise<readonly string[]> {
  // Through the debugger: the page's own policy lets no such script in.
  await page.evaluate(await readFile(axe, 'utf8'));
  // What it found in order is megabytes of text on a long page.
  const found = await page.evaluate<readonly AxeIssue[]>(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  );
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map((node) => node.html)
          .slice(0, 3)
          .join(' | ')}`,
    );
}

const validator = new HtmlValidate({ extends: ['html-validate:standard'] });

/** What is not sound in the document as it is drawn, each by its rule and its place. */
async function unsound(page: Page): Promise<readonly string[]> {
  const drawn = await page.evaluate<string>('document.documentElement.outerHTML');
  const { results } = await validator.validateString(`<!doctype html>${drawn}`);
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, selector }) => `${ruleId}: ${message} (${selector ?? ''})`),
  );
}

/** In a page: whether it, or a table in it, is scrolled sideways. */
const isTooWide = `[document.documentElement, ...document.querySelectorAll('main, :has(> table)')]
  .some((one) => one.scrollWidth > one.clientWidth)`;

/** In a page: whether the keyboard is on the page itself, at nothing in it. */
const isOnPage = `document.activeElement === document.querySelector('main')`;

/** In a page: whether what has the keyboard is in a dialog. */
const focusIsIn = `document.activeElement?.closest('[role=dialog]') !== null`;

interface AxeIssue {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

describe('the story of a policy', { skip }, () => {
  const suite = suiteScope();
  let files: FilesystemOverHttp;
  let gateway: GatewayProcess;
  let watched: Watched;
  let client: Client;
  let dataDir = '';

  before(async () => {
    if (skip !== false) return;
    files = await startFilesystemOverHttp(suite);
    dataDir = await mkdtemp(join(tmpdir(), 'portcullis-console-'));
    const config = await writeOperatorFile(join(dataDir, 'config'), {
      servers: {},
      policies: {},
      grants: [],
      more: { console: { privateServers: true } },
    });
    gateway = await startGateway(suite, { dataDir, args: ['--config', config] });
    watched = await open(gateway.url);
  });
  after(async () => {
    await client?.close();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  });

  test('the first account is made by the printed link', async () => {
    await makeFirstAccount(watched.page, gateway);
  });

  test('a server is added by its address, and its tools are read', async () => {
    const { page } = watched;
    await page.getByRole('link', { name: 'Servers' }).first().click();
    await page.getByRole('button', { name: 'Add a server' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('files');
    await dialog.getByLabel('URL').fill(files.url);
    await dialog.getByRole('button', { name: 'Add the server' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('The address is private or loopback').check();
    await dialog.getByRole('button', { name: 'Add the server' }).click();
    await page.getByText('read_text_file', { exact: true }).waitFor();
  });

  test('a person says what a tool is, beside the classifier, and takes it back', async () => {
    const { page } = watched;
    const tool = page.getByRole('listitem').filter({ hasText: 'get_file_info' });
    await tool.locator('summary').click();
    await tool.getByRole('button', { name: 'Set the category' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Category').selectOption('Destructive');
    await dialog.getByLabel('Risk').selectOption('Critical');
    await dialog.getByLabel('Why').fill('<img src=x onerror=alert(9)>\u202e');
    assert.deepEqual(await seriousIssues(page), []);
    await dialog.getByRole('button', { name: 'Set it' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await tool.getByText('set by a person').waitFor();
    await tool.getByText('<img src=x onerror=alert(9)>⟨202e⟩').waitFor();
    assert.deepEqual(await seriousIssues(page), []);
    await page.goto(`${gateway.url}/catalogue/s/files/t/get_file_info`);
    await page.getByText('person:anna says').waitFor();
    assert.match(await page.locator('pre').first().innerText(), /require_approval/);
    assert.equal(await page.locator('main img').count(), 0);
    assert.deepEqual(await seriousIssues(page), []);
    // The way back to the form opens the tool.
    await page.getByRole('link', { name: 'Say what it is' }).click();
    await tool.getByRole('button', { name: "Back to the classifier's" }).click();
    await tool.getByText('set by a person').waitFor({ state: 'hidden' });
  });

  test('a policy is built by eye: three states, an argument rule, a limit', async () => {
    const { page } = watched;
    await page.getByRole('link', { name: 'Policies' }).first().click();
    await page.getByRole('button', { name: 'New policy' }).first().click();
    await page.getByRole('dialog').getByLabel('Name').fill('work');
    await page.getByRole('button', { name: 'Start building' }).click();
    const set = async (tool: string, state: string): Promise<void> => {
      const row = page.getByRole('row').filter({ hasText: tool }).first();
      await row.getByRole('button', { name: state, exact: true }).click();
    };
    await set('list_directory', 'Allow');
    await set('read_text_file', 'Allow');
    await set('move_file', 'Deny');
    await set('write_file', 'Ask');
    // By key: the selected tool is hidden.
    await page.getByRole('row').filter({ hasText: 'search_files' }).first().click();
    await page.getByRole('grid').press('h');
    await set('edit_file', 'Limit');
    await page.getByLabel('At most').fill('5');
    await page.getByLabel('In which time').selectOption('hour');
    await set('read_text_file', 'Custom');
    await page
      .getByRole('region', { name: 'Only if' })
      .getByRole('button', { name: '+ Add' })
      .click();
    await page.getByLabel('Operator').selectOption('path_within');
    await page.getByLabel('Values, by commas').fill(files.root);
    await page.getByLabel('Values, by commas').blur();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Redo' }).click();
    await page.getByRole('tab', { name: 'JSON' }).click();
    const text = page.locator('.cm-content');
    await text.waitFor();
    const shown = await text.innerText();
    for (const part of ['"path_within"', '"max": 5', '"action": "hide"', '"require_approval"']) {
      assert.ok(shown.includes(part), `${part} in ${shown}`);
    }
  });

  test('the trial answers as the gateway would, and says why', async () => {
    const { page } = watched;
    await page.getByRole('tab', { name: 'Try a call' }).click();
    await page.getByLabel('Tool to try').selectOption('read_text_file');
    await page.getByLabel('Arguments, JSON').fill('{"path":"/etc/passwd"}');
    await page.getByText('Refused', { exact: true }).waitFor();
    await page
      .getByLabel('Arguments, JSON')
      .fill(JSON.stringify({ path: join(files.root, 'a.txt') }));
    await page.getByText('Allowed', { exact: true }).waitFor();
  });

  test('it says what changes, and is saved', async () => {
    const { page } = watched;
    await page.getByRole('button', { name: 'Review and save' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('newly allowed').first().waitFor();
    await dialog.getByText('list_directory', { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Save version 1' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('version 1', { exact: true }).waitFor();
  });

  test('a grant is made, and its configuration connects a real client', async () => {
    const { page } = watched;
    await page.getByRole('link', { name: 'Grants' }).first().click();
    await page.getByRole('button', { name: 'New grant' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Label').fill('laptop');
    await dialog.getByLabel('Principal').fill('agent:anna');
    await dialog.getByLabel('files', { exact: true }).check();
    await dialog.getByLabel('Policy for files').selectOption('work');
    await dialog.getByRole('button', { name: 'Make the grant' }).click();
    await page.getByRole('tab', { name: 'Any client' }).click();
    const pasted = await page.getByLabel('Configuration for Any client').innerText();
    // What the page offers is the configuration of a client.
    const { mcpServers } = JSON.parse(pasted) as {
      mcpServers: Record<string, { url: string; headers: Record<string, string> }>;
    };
    const [entry] = Object.values(mcpServers);
    assert.ok(entry !== undefined);
    client = new Client({ name: 'pasted', version: '1' });
    const requestInit = { headers: entry.headers };
    await client.connect(new StreamableHTTPClientTransport(new URL(entry.url), { requestInit }));
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name.replace(/^files__/, ''));
    assert.ok(names.includes('read_text_file') && !names.includes('search_files'), names.join());
    await page.keyboard.press('Escape');
  });

  test('its call is seen live', async () => {
    const { page } = watched;
    await page.getByRole('link', { name: 'Log' }).first().click();
    await page.getByRole('button', { name: '● Live' }).waitFor();
    const called = await client.callTool({
      name: await named('list_directory'),
      arguments: { path: files.root },
    });
    assert.notEqual(called.isError, true, JSON.stringify(called));
    const row = page
      .getByRole('row')
      .filter({ hasText: 'list_directory' })
      .filter({ hasText: 'forwarded' });
    await row.first().waitFor();
  });

  const named = async (tool: string): Promise<string> => {
    const { tools } = await client.listTools();
    return tools.find(({ name }) => name.endsWith(tool))?.name ?? tool;
  };

  test('how near a limit is to its top is said in words, with the way to its rule and calls', async () => {
    const { page } = watched;
    const edit = { path: join(files.root, 'none.txt'), edits: [] };
    for (let times = 0; times < 4; times += 1) {
      await client.callTool({ name: await named('edit_file'), arguments: edit });
    }
    await page.goto(`${gateway.url}/console/`);
    const row = page.getByRole('listitem').filter({ hasText: 'edit_file_rate' });
    await row.getByText('4 of 5 in any hour').waitFor();
    await row.getByText('near its top').waitFor();
    await row.getByRole('link', { name: 'work /tools/edit_file' }).click();
    await page.getByLabel('At most').waitFor();
    await page.goBack();
    await row.getByRole('link', { name: 'laptop' }).click();
    await page.getByRole('row').filter({ hasText: 'agent:anna' }).waitFor();
    await page.goBack();
    await row.getByRole('link', { name: 'its calls' }).click();
    const calls = page.getByRole('row').filter({ hasText: 'edit_file' });
    await calls.nth(3).waitFor();
    assert.match(page.url(), /grant=laptop&server=files&tool=edit_file/);
    await page.getByRole('button', { name: 'Charts' }).click();
    await row.getByText('4 of 5 in any hour').waitFor();
    assert.deepEqual(await seriousIssues(page), []);
    await page.goto(`${gateway.url}/console/log`);
  });

  test('a log whose index is behind says so, and fills itself', async () => {
    const { page } = watched;
    const asked = /\/api\/v1\/log\?/;
    const behind = { lines: [], complete: false };
    await page.route(asked, (route) => route.fulfill({ json: behind }));
    await page.goto(`${gateway.url}/console/log?tool=edit_file`);
    await page.getByText('still being made searchable').waitFor();
    await page.unroute(asked);
    const calls = page.getByRole('row').filter({ hasText: 'edit_file' });
    await calls.nth(3).waitFor();
    await page.getByText('still being made searchable').waitFor({ state: 'hidden' });
  });

  test('a call is held, shown exactly, and allowed', async () => {
    const { page } = watched;
    const target = join(files.root, 'held.txt');
    const writing = client.callTool({
      name: await named('write_file'),
      arguments: { path: target, content: 'yes\u202e' },
    });
    await page
      .getByRole('link', { name: /^Approvals/ })
      .first()
      .click();
    await page.getByText('held.txt').waitFor();
    assert.match(await page.getByLabel('Arguments').innerText(), /\\u202e/i);
    await page.getByRole('button', { name: /^Allow/ }).click();
    const written = await writing;
    assert.notEqual(written.isError, true, JSON.stringify(written));
    assert.equal(await readFile(target, 'utf8'), 'yes\u202e');
  });

  test('the held call is in the log with its story, and a rule is made from it', async () => {
    const { page } = watched;
    await page.getByRole('link', { name: 'Log' }).first().click();
    const row = page
      .getByRole('row')
      .filter({ hasText: 'write_file' })
      .filter({ hasText: 'forwarded' });
    await row.first().getByRole('link').click();
    await page.getByText('work, version 1, where it decided').waitFor();
    await page.getByRole('link', { name: 'Make a rule from this call' }).click();
    await page.getByText('From a call of').waitFor();
    await page.getByRole('button', { name: 'Deny it' }).click();
    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByRole('button', { name: 'Save version 2' }).click();
    await page.getByText('version 2', { exact: true }).waitFor();
    const refused = await client.callTool({
      name: await named('write_file'),
      arguments: { path: join(files.root, 'no.txt'), content: '' },
    });
    assert.equal(refused.isError, true);
    assert.match(JSON.stringify(refused.content), /POLICY DENIED/);
  });

  test('the old version is put back', async () => {
    const { page } = watched;
    await page.getByRole('tab', { name: 'Versions' }).click();
    await page.getByRole('button', { name: 'Put back' }).click();
    await page.getByRole('button', { name: 'Put version 1 back' }).click();
    await page.getByText('version 3', { exact: true }).waitFor();
    await page.getByRole('tab', { name: 'JSON' }).click();
    assert.match(await page.locator('.cm-content').innerText(), /require_approval/);
  });

  test('what closes the gaps of an attack is put into the policy as a draft, seen and saved', async () => {
    const { page } = watched;
    await page.goto(`${gateway.url}/attacks/path-traversal`);
    const row = page.getByRole('row').filter({ hasText: 'let through' });
    await row.getByRole('link', { name: 'Apply to work' }).click();
    const offer = page.getByRole('region', { name: 'From the attack database' });
    await offer.getByText('let through', { exact: true }).waitFor();
    await offer.getByRole('button', { name: /^Close (the gap|all)/ }).click();
    await offer.getByText('held for a person', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Review and save' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('list_directory', { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Save version 4' }).click();
    await page.getByText('version 4', { exact: true }).waitFor();
    await page.goto(`${gateway.url}/attacks/path-traversal`);
    assert.equal(await page.getByRole('link', { name: 'Apply to work' }).count(), 0);
  });

  test('every page is sound HTML and fits a phone, and axe finds nothing serious in either theme', async () => {
    const { page } = watched;
    const pages = [
      '/console/',
      '/console/servers',
      '/console/servers/files',
      '/console/policies',
      '/console/policies/work',
      '/console/policies/work?server=files&attack=all',
      '/console/grants',
      '/console/log',
      '/console/approvals',
      '/console/users',
      '/console/account',
      '/attacks',
      '/attacks/path-traversal',
      '/attacks/report-card',
      '/catalogue',
    ];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      // Colours are the same ones on every page: the dark ones need no more than a few.
      for (const path of colorScheme === 'light' ? pages : pages.slice(0, 6)) {
        await page.goto(`${gateway.url}${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.waitForLoadState('load');
        assert.deepEqual(await seriousIssues(page), [], `${path} ${colorScheme}`);
        if (colorScheme === 'dark') continue;
        assert.deepEqual(await unsound(page), [], path);
        await page.setViewportSize({ width: 390, height: 844 });
        // Charts and long lists are measured anew once the page is narrow.
        await page.waitForFunction(`!${isTooWide}`).catch(() => assert.fail(`${path} is too wide`));
        await page.setViewportSize({ width: 1440, height: 900 });
      }
    }
  });

  test('dialogs and tabs: axe finds nothing serious; the keyboard stays in a dialog, and comes back', async () => {
    const { page } = watched;
    const dialogs: readonly (readonly [path: string, opener: string])[] = [
      ['/console/servers', 'Add a server'],
      ['/console/policies', 'New policy'],
      ['/console/policies/work', 'Copy as…'],
      ['/console/grants', 'New grant'],
      ['/console/users', 'Invite somebody'],
      ['/console/', 'Kill switch'],
      ['/console/account', 'Change it'],
      ['/console/account', 'Add a passkey'],
    ];
    for (const [path, name] of dialogs) {
      await page.goto(`${gateway.url}${path}`);
      const opener = page.getByRole('button', { name, exact: true }).first();
      await opener.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.waitFor();
      assert.deepEqual(await seriousIssues(page), [], name);
      for (let step = 0; step < 12; step += 1) {
        await page.keyboard.press('Tab');
        await until(
          'the keyboard is in the dialog',
          () => page.evaluate<boolean>(focusIsIn),
          60_000,
        );
      }
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
      const came = `document.activeElement?.textContent?.trim() === ${JSON.stringify(name)}`;
      await until(`the keyboard is at ${name} again`, () => page.evaluate<boolean>(came), 60_000);
    }
    await page.goto(`${gateway.url}/console/policies/work?server=files`);
    for (const name of ['JSON', 'Try a call', 'What changes', 'Versions']) {
      await page.getByRole('tab', { name }).click();
      await page.getByRole('tabpanel').waitFor();
      assert.deepEqual(await seriousIssues(page), [], name);
    }
  });

  test('what cannot be taken back is asked once more, and Escape is no', async () => {
    const { page } = watched;
    await page.goto(`${gateway.url}/console/users`);
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('berta');
    await page.getByRole('button', { name: 'Make the link' }).click();
    await page.getByLabel('Link', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.goto(`${gateway.url}/console/grants`);
    const asked: readonly (readonly [path: string, opener: string])[] = [
      ['/console/grants', 'New token for laptop'],
      ['/console/grants', 'Revoke laptop'],
      ['/console/users', 'New password link for berta'],
      ['/console/users', 'Remove berta'],
    ];
    const changes: string[] = [];
    page.on('request', (request) => {
      if (request.method() !== 'GET') changes.push(`${request.method()} ${request.url()}`);
    });
    const dialog = page.getByRole('dialog');
    for (const [path, name] of asked) {
      await page.goto(`${gateway.url}${path}`);
      const opener = page.getByRole('button', { name, exact: true });
      await opener.press('Enter');
      await dialog.waitFor();
      assert.deepEqual(await seriousIssues(page), [], name);
      // A second Enter is no yes: the keyboard is at Cancel.
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'hidden' });
      await opener.press('Enter');
      await dialog.waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
      const isBack = `document.activeElement?.getAttribute('aria-label') === ${JSON.stringify(name)}`;
      await until(`the keyboard is at ${name}`, () => page.evaluate<boolean>(isBack), 60_000);
    }
    assert.deepEqual(changes, []);
    const row = page.getByRole('row').filter({ hasText: 'berta' });
    await row.getByRole('button', { name: 'Remove berta' }).click();
    await dialog.getByRole('button', { name: 'Remove berta' }).click();
    await row.waitFor({ state: 'detached' });
    // Its opener went with the row.
    await until('the keyboard is on the page', () => page.evaluate<boolean>(isOnPage), 60_000);
    assert.deepEqual(changes, [`DELETE ${gateway.url}/api/v1/users/berta`]);
  });

  test('a question says why it was refused, one that was left does not, and one may vanish', async () => {
    const { page } = watched;
    const revoking = /\/api\/v1\/grants\/[^/]+\/revoke$/;
    const refused = { status: 409, json: { error: 'conflict', message: 'not at this time' } };
    let answered = Promise.resolve();
    let revoked = 0;
    await page.route(revoking, async (route) => {
      revoked += 1;
      await answered;
      await route.fulfill(refused);
    });
    await page.goto(`${gateway.url}/console/grants`);
    const opener = page.getByRole('button', { name: 'Revoke laptop', exact: true });
    const dialog = page.getByRole('dialog');
    const sure = dialog.getByRole('button', { name: 'Revoke laptop' });
    const isReady = sure.and(page.locator(':enabled'));
    await opener.click();
    // As the second half of a double click on what opened it.
    await sure.dispatchEvent('click', { detail: 2 });
    await sure.click();
    await dialog.getByRole('alert').filter({ hasText: 'not at this time' }).waitFor();
    assert.equal(revoked, 1);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });

    const { promise, resolve } = Promise.withResolvers<void>();
    answered = promise;
    await opener.click();
    await sure.click();
    // No word of what is not so: the request is under way.
    await dialog.getByText('Close', { exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    await opener.click();
    await dialog.waitFor();
    resolve();
    await isReady.waitFor();
    assert.equal(await dialog.getByRole('alert').count(), 0);

    // The list is read again when somebody comes back to the page: the grant may be gone by then.
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'New token for laptop' }).click();
    await page.route(/\/api\/v1\/grants$/, (route) => route.fulfill({ json: [] }));
    const comesBack = `window.dispatchEvent(new Event('visibilitychange'))`;
    const isGone = async (): Promise<boolean> => {
      await page.evaluate(comesBack);
      return (await dialog.count()) === 0;
    };
    await until('the question goes with its grant', isGone, 60_000);
    await until('the keyboard is on the page', () => page.evaluate<boolean>(isOnPage), 60_000);
    await page.unrouteAll();
  });

  test('nothing was asked of anybody else, and the policy of the pages was kept', () => {
    assert.deepEqual(watched.faults, []);
  });

  test('the first load stays within 250 kB, compressed', async () => {
    const { page } = await open(gateway.url);
    const sizes: Promise<number>[] = [];
    page.on('response', (response) => {
      sizes.push(
        response
          .request()
          .sizes()
          .then(({ responseBodySize }) => responseBodySize),
      );
    });
    await page.goto(`${gateway.url}/console/sign-in`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    assert.ok(total > 10_000 && total <= 250_000, `${total} bytes`);
    await page.context().close();
  });
});

describe('what hostile servers write', { skip }, () => {
  test('names, descriptions and results are text on every page', async (context) => {
    const dataDir = await temporaryFolder(context);
    const grant = fileGrant('hostile', ['hostile'], 'open');
    const counter = '<img src=x onerror=alert(6)>\u202e';
    const limit = { counter, window: 'day', max: 2, scope: 'grant' };
    const config = await writeOperatorFile(join(dataDir, 'config'), {
      servers: { hostile: { command: process.execPath, args: [hostileServer] } },
      policies: { open: { version: '1', default: 'allow', all_tools: { limits: [limit] } } },
      grants: [grant],
    });
    const gateway = await startGateway(context, { dataDir, args: ['--config', config] });
    const names = [
      '<script>alert(1)</script>',
      '"><img src=https://elsewhere.invalid/y onerror=alert(2)>',
      'javascript:alert(3)',
      '{{constructor.constructor("alert(4)")()}}',
      'safe\u202egnp.exe',
      '</script><svg onload=alert(5)>',
    ];
    const client = { url: `${gateway.url}/s/hostile/mcp`, token: grant.token };
    for (const name of ['harmless', ...names]) {
      const { body, headers } = modernCall(name, { '<b>x</b>': 1 });
      await post(client, { body, headers: { ...headers, 'mcp-name': encodeHeaderValue(name) } });
    }
    const { page, faults } = await open(gateway.url);
    await makeFirstAccount(page, gateway);
    for (const path of [
      '/',
      '/servers/hostile',
      '/policies/open?server=hostile',
      '/log',
      '/grants',
    ]) {
      await page.goto(`${gateway.url}/console${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('load');
      assert.equal(await page.locator('main img, main script, main iframe').count(), 0, path);
    }
    await page.goto(`${gateway.url}/console/`);
    await page.getByText('<img src=x onerror=alert(6)>⟨202e⟩', { exact: true }).waitFor();
    await page.goto(`${gateway.url}/console/log`);
    await page.getByText('<script>alert(1)</script>').first().waitFor();
    await page.getByText('safe⟨202e⟩gnp.exe').first().waitFor();
    assert.deepEqual(faults, []);
    await page.context().close();
  });

  // B-125: no open redirect.
  test('a sign-in leads to a page of the console, whatever the address says', async (context) => {
    const dataDir = await temporaryFolder(context);
    const gateway = await startGateway(context, { dataDir });
    const { page } = await open(gateway.url);
    await makeFirstAccount(page, gateway);
    for (const next of [
      '//elsewhere.invalid',
      'https://elsewhere.invalid',
      '/\\elsewhere.invalid',
      'javascript:alert(1)',
    ]) {
      await page.context().clearCookies();
      await page.goto(`${gateway.url}/console/sign-in?next=${encodeURIComponent(next)}`);
      await page.getByLabel('Name').fill('anna');
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      assert.equal(new URL(page.url()).origin, gateway.url, next);
    }
    await page.context().close();
  });

  test('800 tools with naughty texts are shown, scrolled and ruled as text', async (context) => {
    const texts = [...new Set([...naughty, ...publicNaughty()])];
    assert.ok(texts.length > 450 && texts.length < 700);
    const many = await startManyTools(800, texts);
    context.after(() => many.close());
    const folder = await temporaryFolder(context);
    const config = await writeOperatorFile(join(folder, 'config'), {
      servers: { many: { url: many.url, allowPrivate: true } },
      policies: {},
      grants: [],
    });
    const gateway = await startGateway(context, { dataDir: folder, args: ['--config', config] });
    const { page, faults } = await open(gateway.url);
    await makeFirstAccount(page, gateway);
    await page.goto(`${gateway.url}/console/servers/many`);
    await page.getByText('tool_700', { exact: true }).waitFor();
    await page.goto(`${gateway.url}/console/policies/work?server=many`);
    const grid = page.getByRole('grid');
    await grid.waitFor();
    assert.equal(await grid.getAttribute('aria-rowcount'), '800');
    // As many rows as fit, and some around them: the rest is not in the page.
    assert.ok((await page.getByRole('row').count()) < 80);
    await grid.focus();
    await grid.press('End');
    await page.getByRole('row').last().waitFor();
    await page.getByLabel('Search tools').fill('tool_7');
    await page.getByText(/^100 shown:$/).waitFor();
    await page
      .getByRole('group', { name: 'Set 100 tools' })
      .getByRole('button', { name: 'Deny' })
      .click();
    await page.getByRole('tab', { name: 'Try a call' }).click();
    await page.getByLabel('Tool to try').selectOption('tool_700');
    await page.getByText('Refused', { exact: true }).waitFor();
    const strange = page.locator('main img, main iframe, main script, main a:not([href^="/"])');
    assert.equal(await strange.count(), 0);
    await page.getByLabel('Search tools').fill('alert(');
    await grid
      .getByText(/alert\(/)
      .first()
      .waitFor();
    assert.equal(await page.evaluate(unseenIn), null);

    // The same texts in the catalogue: the list of them all, and the page of every twentieth.
    const key = (await readFile(join(folder, 'operator.key'), 'utf8')).trim();
    const path = `${gateway.url}/catalogue/s/many`;
    let slugs: readonly string[] = [];
    const known = async (): Promise<boolean> => {
      const answer = await fetch(`${path}/json`, { headers: { authorization: `Bearer ${key}` } });
      if (!answer.ok) return false;
      const found = (await answer.json()) as {
        readonly listed: readonly { readonly slug: string }[];
      };
      slugs = found.listed.map(({ slug }) => slug);
      return slugs.length > 0;
    };
    await until('the catalogue knows them', known, 60_000);
    const some = slugs.filter((_, index) => index % 20 === 0);
    for (const tool of ['', ...some.map((slug) => `/t/${encodeURIComponent(slug)}`)]) {
      await page.goto(`${path}${tool}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      assert.equal(await strange.count(), 0, tool);
      assert.equal(await page.evaluate(unseenIn), null, tool);
    }
    assert.deepEqual(faults, []);
    await page.context().close();
  });
});

/** In a page: the first text in it that holds what cannot be seen or turns text around. */
const unseenIn = `(() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) {
    if (/[\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F\\u00AD\\u061C\\u200B-\\u200F\\u2028-\\u202E\\u2060-\\u206F\\uFEFF\\uFFF9-\\uFFFB]/.test(node.data.replaceAll('\\r', ''))) return node.data.slice(0, 200);
  }
  return null;
})()`;
