import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Page } from 'playwright-core';

import { startGateway, type GatewayProcess } from './gateway-process.ts';
import { modernCall, post } from './mcp-requests.ts';
import { until } from './until.ts';

/** A gateway with the demo's servers, an account, a policy, grants and some traffic. */
export interface ConsoleStand {
  readonly url: string;
  readonly gateway: GatewayProcess;
  readonly name: string;
  readonly password: string;
  close(): Promise<void>;
}

export const password = 'correct horse battery';

/** Asks the control API with the operator's key. */
export async function operate(
  url: string,
  key: string,
  asked: { readonly method: string; readonly path: string; readonly body?: unknown },
): Promise<any> /* oxlint-disable-line typescript/no-explicit-any -- each caller looks */ {
  const answer = await fetch(`${url}/api/v1${asked.path}`, {
    method: asked.method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
  });
  const json: unknown = await answer.json();
  if (!answer.ok) throw new Error(`${asked.path}: ${JSON.stringify(json)}`);
  return json;
}

/** What stands behind `#` in the one-time link of the banner. */
export function welcomeToken(gateway: GatewayProcess): string {
  return /welcome#(\S+)/.exec(gateway.stdout())?.[1] ?? '';
}

const filesPolicy = (root: string): object => ({
  version: '1',
  description: 'Reads and writes in the shared folder; a person is asked before anything moves.',
  default: 'deny',
  tools: {
    read_text_file: {},
    read_multiple_files: {},
    list_directory: {},
    list_allowed_directories: {},
    get_file_info: {},
    search_files: {},
    write_file: {
      require: [
        {
          path: 'args.path',
          op: 'path_within',
          value: [root],
          on_deny: 'write inside the shared folder',
        },
      ],
      deny_if: [{ path: 'args.content', op: 'length_gte', value: 100000 }],
      limits: [{ counter: 'write_file_rate', window: 'hour', max: 30, scope: 'grant' }],
    },
    edit_file: {
      limits: [{ counter: 'edit_file_rate', window: 'hour', max: 10, scope: 'grant' }],
    },
    create_directory: { action: 'require_approval', reason: 'folders are made together' },
    move_file: { action: 'deny', reason: 'files stay where they are' },
  },
});

const endedByClose = { after: () => undefined };

/** Starts it. The demo's own configuration is used, so that what is seen is what `up` shows. */
export async function prepareConsole(dataDir: string): Promise<ConsoleStand> {
  const gateway = await startGateway(endedByClose, { dataDir });
  const { url } = gateway;
  const key = (await readFile(join(dataDir, 'operator.key'), 'utf8')).trim();
  const api = (method: string, path: string, body?: unknown) =>
    operate(url, key, body === undefined ? { method, path } : { method, path, body });
  const name = 'anna';
  await api('POST', '/welcome', { token: welcomeToken(gateway), name, password });
  for (const [user, role] of [
    ['berta', 'policy-manager'],
    ['carl', 'approver'],
    ['dora', 'viewer'],
  ]) {
    await api('POST', '/users', { name: user, role });
  }
  await until('every list is read', async () => {
    const servers = (await api('GET', '/servers')) as readonly { readonly tools: number | null }[];
    return servers.every(({ tools }) => tools !== null);
  });
  const root = join(dataDir, 'demo', 'files');
  const first = `${JSON.stringify({ version: '1', default: 'deny', tools: { read_text_file: {}, list_directory: {} } }, null, 2)}\n`;
  await api('PUT', '/policies/files-work', { document: first, basis: 0 });
  const document = `${JSON.stringify(filesPolicy(root), null, 2)}\n`;
  await api('PUT', '/policies/files-work', { document, basis: 1 });
  const grant = async (label: string, mode: string): Promise<string> => {
    const servers = ['files', 'orchard', 'calculator'];
    const policies = { files: 'files-work', orchard: 'orchard', calculator: 'calculator' };
    const made = await api('POST', '/grants', {
      label,
      principal: `agent:${label}`,
      servers,
      policies,
      mode,
    });
    return made.token as string;
  };
  const tokens = [
    await grant('laptop', 'enforce'),
    await grant('nightly', 'enforce'),
    await grant('trial', 'observe'),
  ];
  await traffic({ url, root, tokens });
  return {
    url,
    gateway,
    name,
    password,
    close: () => gateway.end('SIGTERM').then(() => undefined),
  };
}

interface Traffic {
  readonly url: string;
  readonly root: string;
  readonly tokens: readonly string[];
}

/** Some calls that pass, some that do not, and one that waits. */
async function traffic({ url, root, tokens }: Traffic): Promise<void> {
  const calls: readonly (readonly [server: string, tool: string, args: object])[] = [
    ['files', 'list_directory', { path: root }],
    ['files', 'read_text_file', { path: join(root, 'todo.md') }],
    ['files', 'write_file', { path: join(root, 'notes.txt'), content: 'a line\n' }],
    ['files', 'write_file', { path: '/etc/passwd', content: 'x' }],
    ['files', 'move_file', { source: join(root, 'todo.md'), destination: join(root, 'done.md') }],
    ['orchard', 'calendar.search', { query: 'review', start: '2026-01-01', end: '2030-01-01' }],
    ['calculator', 'add', { a: 1, b: 2 }],
  ];
  for (const [index, token] of tokens.entries()) {
    for (const [server, tool, args] of calls.slice(0, calls.length - index * 2)) {
      await post({ url: `${url}/s/${server}/mcp`, token }, modernCall(tool, args));
    }
  }
  // One limit is brought near its top.
  const edit = { path: join(root, 'todo.md'), edits: [] };
  for (let times = 0; times < 9; times += 1) {
    await post(
      { url: `${url}/s/files/mcp`, token: tokens[0] ?? '' },
      modernCall('edit_file', edit),
    );
  }
  const held = { url: `${url}/s/files/mcp`, token: tokens[0] ?? '' };
  // It waits for a person; the gateway's end ends it.
  void post(held, modernCall('create_directory', { path: join(root, 'reports') })).catch(
    () => null,
  );
  await until(
    'a call waits',
    async () =>
      (await post(held, modernCall('read_text_file', { path: join(root, 'welcome.txt') })))
        .status === 200,
  );
}

/** Signs in by the page. */
export async function signInAs(
  page: Page,
  stand: Pick<ConsoleStand, 'url' | 'name' | 'password'>,
): Promise<void> {
  await page.goto(`${stand.url}/console/sign-in`);
  await page.getByLabel('Name').fill(stand.name);
  await page.getByLabel('Password').fill(stand.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}
