import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { portcullis, startGateway, temporaryFolder } from '../support/gateway-process.ts';
import { until } from '../support/until.ts';
import { modern, modernCall, post } from '../support/mcp-requests.ts';
import { fileGrant, operatorFile, replace, writeOperatorFile } from '../support/operator-file.ts';

/** Each stands for one place that secrets come from; none may be found anywhere. */
const canaries = {
  wrongToken: 'canary-wrong-token-5b1f',
  cookie: 'canary-cookie-77aa',
  clientHeader: 'canary-client-header-90cd',
  query: 'canary-query-31ee',
  argument: 'canary-argument-c0de',
  password: 'canary-password-1234',
  result: 'canary-result-d00d',
  upstreamError: 'canary-upstream-error-beef',
  upstreamBody: 'canary-upstream-body-f00d',
  upstreamHeader: 'canary-upstream-header-abcd',
  credential: 'canary-credential-7e57',
  environment: 'canary-environment-e44e',
  stderr: 'canary-stderr-5e77',
  sinkCredential: 'canary-sink-credential-8888',
  signIn: 'canary-sign-in-4321',
  meta: 'canary-meta-9a9a',
} as const;

/** A server whose every answer holds a secret; `fail` and `break` are how servers go wrong. */
const httpServer = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = Buffer.concat(chunks).toString();
    if (request.url === '/sink') return void response.writeHead(503).end(canaries.upstreamBody);
    const message = JSON.parse(text) as {
      id?: unknown;
      method: string;
      params?: { name?: string };
    };
    const name = message.params?.name ?? '';
    if (message.id === undefined) return void response.writeHead(202).end();
    if (name === 'break') {
      return void response
        .writeHead(500, { 'x-secret': canaries.upstreamHeader })
        .end(canaries.upstreamBody);
    }
    if (name === 'cut') return void request.socket.destroy();
    response.writeHead(200, {
      'content-type': 'application/json',
      'x-secret': canaries.upstreamHeader,
      'set-cookie': `a=${canaries.upstreamHeader}`,
    });
    response.end(
      JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answerOf(message.method, name) }),
    );
  });
});

function answerOf(method: string, name: string): object {
  if (method === 'tools/list') {
    const tools = ['read', 'fail', 'break', 'cut', 'pay', 'write'].map((tool) => ({
      name: tool,
      inputSchema: { type: 'object', properties: { password: { type: 'string' }, q: {} } },
    }));
    return { result: { resultType: 'complete', tools, ttlMs: 0, cacheScope: 'private' } };
  }
  if (name === 'fail') return { error: { code: -32_000, message: canaries.upstreamError } };
  if (method === 'server/discover') {
    const capabilities = { tools: {} };
    const serverInfo = { name: 's', version: '1' };
    const supportedVersions = ['2026-07-28'];
    return {
      result: {
        resultType: 'complete',
        supportedVersions,
        capabilities,
        serverInfo,
        ttlMs: 0,
        cacheScope: 'private',
      },
    };
  }
  const content = [{ type: 'text', text: canaries.result }];
  return { result: { resultType: 'complete', content } };
}

/** Speaks just enough to be listed, and says its secret on stderr and in every error. */
const stdioServer = `
import { createInterface } from 'node:readline';
console.error('starting with ${canaries.stderr} ' + process.env.SECRET);
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (id === undefined) return;
  const answer = method === 'initialize'
    ? { result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'p', version: '1' } } }
    : method === 'tools/list'
      ? { result: { tools: [{ name: 'env', inputSchema: { type: 'object' } }] } }
      : { error: { code: -32000, message: 'no: ' + process.env.SECRET } };
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...answer }) + '\\n');
  if (method === 'tools/call') process.exit(1);
});
`;

test('no secret is found in logs, records, stores, metrics, errors or pages (B-130)', async (context) => {
  const folder = await temporaryFolder(context);
  await new Promise<void>((resolve) => httpServer.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    httpServer.close();
    httpServer.closeAllConnections();
  });
  // A server that listens on TCP has an address with a port.
  const url = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
  const dataDir = join(folder, 'data');
  const script = join(folder, 'server.mjs');
  await writeFile(script, stdioServer);
  const limits = [{ counter: 'reads', window: 'hour', max: 2, scope: 'grant' }];
  const tools = {
    read: { limits },
    fail: {},
    break: {},
    cut: {},
    pay: {},
    env: {},
    write: { action: 'require_approval' },
  };
  const grant = fileGrant('g', ['s', 'p'], 'p');
  const file = {
    servers: {
      s: {
        url: `${url}/mcp`,
        allowPrivate: true,
        headers: { authorization: 'Bearer ${CREDENTIAL}' },
      },
      p: { command: process.execPath, args: [script], env: { SECRET: '${ENVIRONMENT}' } },
    },
    policies: { p: { version: '1', default: 'deny', tools } },
    grants: [grant],
  };
  const path = await writeOperatorFile(folder, file);
  const sink = { url: `${url}/sink`, headers: { authorization: 'Bearer ${SINK}' } };
  const record = { s: { pay: { level: 'values', redact: ['/q'] } } };
  await replace(path, { ...operatorFile(file), audit: { sink, record } });
  const env = {
    CREDENTIAL: canaries.credential,
    ENVIRONMENT: canaries.environment,
    SINK: canaries.sinkCredential,
  };
  const gateway = await startGateway(context, { dataDir, args: ['--config', path], env });

  const told: string[] = [];
  const headers = { cookie: `a=${canaries.cookie}`, 'x-api-key': canaries.clientHeader };
  const client = { url: `${gateway.url}/s/s/mcp`, token: grant.token };
  const args = { q: canaries.argument, password: canaries.password };
  const send = async (
    to: typeof client,
    message: { readonly body: string; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<string> => {
    const sent = { ...message, headers: { ...message.headers, ...headers } };
    const answer = await post(to, sent).catch(() => null);
    return answer === null
      ? ''
      : `${answer.status} ${JSON.stringify(answer.headers)} ${answer.text}`;
  };
  for (const tool of ['read', 'read', 'fail', 'pay']) await send(client, modernCall(tool, args));
  // From here on what is answered is the gateway's own word.
  for (const tool of ['read', 'break', 'cut', 'unlisted'])
    told.push(await send(client, modernCall(tool, args)));
  const held = modernCall('write', args);
  void send(client, held);
  for (const [to, message] of [
    [{ ...client, token: canaries.wrongToken }, modernCall('read', args)],
    [{ ...client, url: `${client.url}?token=${canaries.query}` }, modernCall('read', args)],
    [{ ...client, url: `${gateway.url}/s/${canaries.query}/mcp` }, modernCall('read', args)],
    [{ ...client, url: `${gateway.url}/${canaries.query}` }, modernCall('read', args)],
    [
      client,
      {
        body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"a":"${canaries.argument}"`,
      },
    ],
    [client, { body: `{"${canaries.argument}":1,"${canaries.argument}":2}` }],
    [client, modern('resources/read', { uri: `file:///${canaries.argument}` })],
    [client, modern('ping', { _meta: { traceparent: canaries.meta } })],
    [
      client,
      { ...modernCall('read', args), headers: { 'mcp-protocol-version': canaries.clientHeader } },
    ],
    [client, { ...modernCall('read', args), headers: { 'mcp-session-id': canaries.clientHeader } }],
  ] as const) {
    told.push(await send(to, message));
  }
  const legacy = (id: number, method: string, params: object): { readonly body: string } => ({
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
  });
  const stdio = { ...client, url: `${gateway.url}/s/p/mcp` };
  await send(
    stdio,
    legacy(1, 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
    }),
  );
  await send(stdio, legacy(2, 'tools/call', { name: 'env', arguments: args }));

  const key = (await readFile(join(dataDir, 'operator.key'), 'utf8')).trim();
  const body = JSON.stringify({ name: 'ada', password: canaries.signIn });
  const json = { 'content-type': 'application/json' };
  for (const target of ['/api/v1/session', '/api/v1/sign-in', '/sign-in']) {
    const answer = await fetch(`${gateway.url}${target}`, {
      method: 'POST',
      headers: json,
      body,
      redirect: 'manual',
    });
    told.push(await answer.text());
  }
  const asOperator = { authorization: `Bearer ${key}` };
  for (const target of [
    '/metrics',
    '/readyz',
    '/healthz',
    '/console/',
    '/api/v1/status',
    '/api/v1/servers',
    '/api/v1/grants',
    '/api/v1/approvals',
    '/api/v1/audit',
    '/api/v1/decisions',
    '/api/v1/policies',
  ]) {
    const answer = await fetch(`${gateway.url}${target}`, { headers: asOperator });
    told.push(`${JSON.stringify([...answer.headers])} ${await answer.text()}`);
  }
  await writeFile(
    path,
    `{ "servers": { "s": { "url": 7, "headers": { "authorization": "${canaries.credential}" } } } }`,
  );
  await until('the broken file is noticed', () => gateway.stderr().includes('not in force'));
  for (const command of [
    ['audit', 'tail', '-n', '500'],
    ['audit', 'export', '--format', 'csv'],
    ['audit', 'export', '--format', 'jsonl'],
  ]) {
    const { stdout, stderr } = await portcullis([...command, '--data', dataDir]);
    told.push(stdout, stderr);
  }
  await gateway.end('SIGTERM');

  const places = new Map<string, string>([
    ['stdout', gateway.stdout()],
    ['stderr', gateway.stderr()],
    ['answers', told.join('\n')],
    ...(await filesUnder(dataDir)),
  ]);
  assert.ok(
    places.size > 8 && told.join('').includes('portcullis_calls_total'),
    'there is something to look at',
  );
  assert.match(gateway.stderr(), /upstream failed/, 'the faults were reached');
  // The held call waits in the store with its arguments: a person must see what would run.
  const secrets = { ...canaries, grantToken: grant.token, operatorKey: key };
  for (const [name, secret] of Object.entries(secrets)) {
    for (const [place, text] of places) {
      if (isAllowed(name, place)) continue;
      for (const form of [
        secret,
        Buffer.from(secret).toString('base64').slice(0, -3),
        encodeURIComponent(secret),
      ]) {
        const at = text.indexOf(form);
        assert.equal(
          at,
          -1,
          `${name} is in ${place}: …${JSON.stringify(text.slice(Math.max(0, at - 80), at + 60))}`,
        );
      }
    }
  }
});

function isAllowed(name: string, place: string): boolean {
  if (name === 'operatorKey') return place === 'operator.key';
  const ofHeld = name === 'argument' || name === 'password';
  return ofHeld && (place.startsWith('registry.sqlite') || place === 'answers');
}

/** Every file, as bytes read one to one. */
async function filesUnder(folder: string): Promise<readonly (readonly [string, string])[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), await readFile(path, 'latin1')] as const;
    }),
  );
}
