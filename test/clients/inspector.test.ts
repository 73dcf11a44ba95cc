import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { before, describe, test } from 'node:test';

import { startStand, type Stand } from './stand.ts';
import { suiteScope } from '../support/scope.ts';

const program = fileURLToPath(new URL('../../node_modules/.bin/mcp-inspector', import.meta.url));
const runMs = 90_000;

type Era = 'legacy' | 'auto' | 'modern';

/** What each era lists and calls: server, fewest tools, tool, its arguments, and what it answers. */
const uses: readonly (readonly [Era, string, number, string, object, RegExp])[] = [
  ['legacy', 'calculator', 9, 'calculate_cas', { expression: '6*7' }, /42/],
  ['legacy', 'everything', 13, 'echo', { message: 'hé' }, /Echo: hé/],
  ['legacy', 'everything-http', 13, 'get-sum', { a: 2, b: 40 }, /42/],
  ['auto', 'files', 10, 'list_allowed_directories', {}, /clients-/],
  ['auto', 'orchard', 60, 'calendar.list_calendars', {}, /calendars/i],
  ['auto', 'fixture', 28, 'test_simple_text', {}, /simple text response/],
  ['modern', 'calculator', 9, 'calculate_cas', { expression: '6*7' }, /42/],
  ['modern', 'fixture', 28, 'test_x_mcp_header', { region: 'ü' }, /ü/],
];

describe('Inspector', { timeout: 280_000 }, () => {
  const suite = suiteScope();
  let stand: Stand;
  before(async () => {
    stand = await startStand(suite);
  });

  for (const [era, server, least, tool, args, expected] of uses) {
    test(`${era}: ${server}: lists, and calls ${tool}`, async () => {
      const listed = await inspect(stand, era, server, ['--method', 'tools/list']);
      assert.ok((listed.match(/"inputSchema"/g) ?? []).length >= least, listed.slice(0, 500));
      const call = ['--method', 'tools/call', '--tool-name', tool];
      const called = await inspect(stand, era, server, [
        ...call,
        '--tool-args-json',
        JSON.stringify(args),
      ]);
      assert.match(called, expected);
    });
  }

  test('modern: a server of the legacy era alone is told as such', async () => {
    const arguments_ = ['--method', 'tools/list'];
    await assert.rejects(inspect(stand, 'modern', 'memory', arguments_), /ended with/);
  });
});

/** What the program prints; an error where it does not end well, or not in time. */
function inspect(stand: Stand, era: Era, server: string, args: readonly string[]): Promise<string> {
  const { dataPath, folder } = stand;
  const header = `Authorization: Bearer ${dataPath.token}`;
  const connection = ['--server-url', stand.urlOf(server).href, '--transport', 'http'];
  const manner = ['--protocol-era', era, '--format', 'json', '--quiet', '--stored-auth-only'];
  const words = [program, '--cli', ...connection, '--header', header, ...manner, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, {
      // A home of its own: the program keeps files there.
      env: { PATH: process.env['PATH'], HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
    const timer = setTimeout(() => child.kill('SIGKILL'), runMs);
    child.on('close', (code) => {
      clearTimeout(timer);
      if (code === 0) resolve(output);
      else reject(new Error(`the program ended with ${code}: ${errors.slice(0, 2_000)}`));
    });
  });
}
