import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { compileCache } from '../../scripts/compile-cache.ts';
import { program } from '../support/gateway-process.ts';

const scanned = new URL('../fixtures/scanned-server.mjs', import.meta.url).pathname;
const demo = new URL('../../src/demo/', import.meta.url).pathname;

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function portcullis(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...compileCache, ...env }, maxBuffer: 64_000_000 };
    execFile(process.execPath, [program, ...args], options, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, out, err });
    });
  });
}

const server = (behaviour: string, tools: unknown = []): readonly string[] => [
  '--',
  process.execPath,
  scanned,
  behaviour,
  JSON.stringify(tools),
];

test('a scan that cannot be done ends with one clear line', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--timeout', '3s', ...server('hangs')], /did not list its tools within 3 s/],
    [server('floods'), /floods its output/],
    [server('endless'), /never ends/],
    [server('lies'), /read in two ways/],
    [server('needs-key'), /SCANNED_KEY is required; pass what it needs with --env/],
    [['--', '/nowhere/nothing'], /was not found/],
    [['--file', '/nowhere/list.json'], /there is no file `\/nowhere\/list\.json`/],
    [['https://a.invalid/mcp'], /no host of that name/],
    // A port that nobody may ask: both eras fail for one cause, which is said once.
    [['http://127.0.0.1:1/mcp'], /^(?!.*not for HTTP.*not for HTTP).*port 1 is not for HTTP/],
    [[], /name one thing to scan/],
  ];
  for (const [args, said] of cases) {
    const ended = await portcullis(['scan', ...args]);
    assert.match(ended.err, said);
    assert.equal(ended.err.trim().split('\n').length, 1, ended.err);
    assert.deepEqual([ended.code, ended.out], [2, '']);
  }
  const json = await portcullis(['scan', '--json', '--file', '/nowhere/list.json']);
  assert.equal(JSON.parse(json.out).error.code, 'not-scanned');
});

test('what a server needs is passed on by name', async () => {
  const tools = [{ name: 'get_a', inputSchema: { $schema: 'x' }, unknown: [1] }];
  const ended = await portcullis(
    ['scan', '--json', '--env', 'SCANNED_KEY', ...server('needs-key', tools)],
    {
      SCANNED_KEY: 'k',
    },
  );
  assert.equal(ended.code, 0, ended.err);
  assert.equal(JSON.parse(ended.out).tools[0].name, 'get_a');
  assert.deepEqual(JSON.parse(ended.out).server, { name: 'scanned', version: '1.2.3' });
});

test('--fail-on answers with the exit code', async () => {
  const tools = [{ name: 'create_note', description: 'Creates a note' }];
  const cases = [
    ['medium', 1],
    ['high', 0],
    ['never', 2],
  ] as const;
  for (const [risk, code] of cases) {
    const ended = await portcullis(['scan', '--fail-on', risk, ...server('plain', tools)]);
    assert.equal(ended.code, code, `${risk}: ${ended.err}`);
  }
});

test('an address that asks for credentials says so, and is read with them', async () => {
  const http = createServer((request, response) => {
    if (request.headers.authorization !== 'Bearer right') {
      response.writeHead(401).end();
      return;
    }
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const { id, method } = JSON.parse(body) as { id?: number; method: string };
      if (id === undefined) {
        response.writeHead(202).end();
        return;
      }
      const results: Readonly<Record<string, unknown>> = {
        initialize: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'h' } },
        'tools/list': { tools: [{ name: 'delete_a', inputSchema: { type: 'object' } }] },
      };
      const found = results[method];
      const outcome =
        found === undefined ? { error: { code: -32601, message: 'no' } } : { result: found };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...outcome }));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  // A listening server has an address with a port.
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  const refused = await portcullis(['scan', url]);
  assert.match(refused.err, /needs credentials \(HTTP 401\)/);
  const read = await portcullis(['scan', url, '--json', '--header', 'Authorization: Bearer right']);
  assert.equal(JSON.parse(read.out).tools[0].category, 'Destructive');
  assert.equal(JSON.parse(read.out).posture.credentials, 'given');
  assert.ok(!read.out.includes('Bearer right'));
  http.close();
});

test('the four tools of the demo come out as the reference says', async () => {
  const rate = (counter: string, max: number) => ({
    limits: [{ counter, window: 'minute', max, scope: 'grant' }],
  });
  const cases = [
    [
      'callendar.tools.json',
      'create_callendar_contact_link',
      'Write',
      'Medium',
      rate('create_callendar_contact_link_rate', 30),
    ],
    ['orchard/tools.json', 'calendar.search', 'Read', 'Low', {}],
    [
      'qasperai.tools.json',
      'book_appointment',
      'Execute',
      'High',
      rate('book_appointment_rate', 10),
    ],
    ['calculator.tools.json', 'create_session', 'Write', 'Medium', rate('create_session_rate', 30)],
  ] as const;
  for (const [file, tool, category, risk, policy] of cases) {
    const ended = await portcullis(['scan', '--json', '--file', `${demo}${file}`]);
    const report = JSON.parse(ended.out);
    const found = report.tools.find(({ name }: { name: string }) => name === tool);
    assert.deepEqual([found.category, found.risk, found.policy], [category, risk, policy], tool);
    const listed = JSON.parse(await readFile(`${demo}${file}`, 'utf8'));
    assert.deepEqual(
      report.tools.map(({ name }: { name: string }) => name),
      listed.map(({ name }: { name: string }) => name),
    );
  }
});
