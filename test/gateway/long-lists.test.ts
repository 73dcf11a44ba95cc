import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { filterAnswer } from '../../src/gateway/list.ts';
import { peekAnswer } from '../../src/mcp/answer.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';

const few = 20;
const many = 400;
let shown: readonly string[] = [];
let path: DataPath;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = Buffer.concat(chunks).toString('utf8');
    const id = /"id":(\d+)/.exec(text)?.[1];
    if (id === undefined) {
      response.writeHead(202).end();
      return;
    }
    const result = text.includes('"initialize"')
      ? '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}'
      : `{"tools":[${shown.join(',')}]}`;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
  });
});

function definition(index: number, description: string): string {
  return `{"name":"tool_${index}","description":"${description.repeat(20)}","inputSchema":{"type":"object"}}`;
}

function listOf(count: number, description: string): readonly string[] {
  return Array.from({ length: count }, (_unused, index) => definition(index, description));
}

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/mcp`;
  path = await startDataPath({
    servers: [{ name: 's', transport: 'http', url, headers: {}, allowPrivate: true }],
    policies: { s: { version: '1', default: 'allow', hide: ['tool_1'] } },
  });
  shown = listOf(many, 'what it does ');
  assert.ok(await path.gateway.toolsReady('s'));
});

after(async () => {
  await path.close();
  server.close();
});

/** The names that the grant is shown of a list, and how often others had a turn meanwhile. */
async function listed(
  tools: readonly string[],
): Promise<{ readonly names: readonly string[]; readonly turns: number }> {
  const [grant] = path.gateway.snapshot().grantsByToken.values();
  assert.ok(grant !== undefined);
  const answer = peekAnswer(
    Buffer.from(`{"jsonrpc":"2.0","id":1,"result":{"tools":[${tools.join(',')}]}}`),
  );
  let turns = 0;
  let immediate = setImmediate(function turn() {
    turns += 1;
    immediate = setImmediate(turn);
  });
  const filtered = await filterAnswer(path.gateway, { grant, server: 's' }, answer, 'legacy');
  clearImmediate(immediate);
  assert.ok(filtered.ok, JSON.stringify(filtered));
  // The filter keeps the shape of what it was given.
  const { result } = JSON.parse(Buffer.from(filtered.value).toString('utf8')) as {
    result: { tools: readonly { name: string }[] };
  };
  return { names: result.tools.map(({ name }) => name), turns };
}

describe('a list that is long', () => {
  const all = listOf(many, 'what it does ');
  const names = all.map((_unused, index) => `tool_${index}`);
  const visible = names.filter((name) => name !== 'tool_1');
  const changed = all.with(2, definition(2, 'something else '));
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['is filtered', all, visible],
    ['is filtered when it comes again', all, visible],
    ['is without a tool that changed', changed, visible.filter((name) => name !== 'tool_2')],
    [
      'is without a tool that changed the next time',
      changed,
      visible.filter((n) => n !== 'tool_2'),
    ],
    ['has the tool again when it is as it was', all, visible],
    ['may be written in another way', all.map((text) => text.replace('{', '{ ')), visible],
    ['has no tool twice', [...all, definition(3, 'x')], visible.filter((n) => n !== 'tool_3')],
    ['has no tool that nobody saw', [...all, definition(many, 'what it does ')], visible],
  ];
  for (const [what, tools, expected] of cases) {
    it(what, async () => assert.deepEqual((await listed(tools)).names, expected));
  }

  it('lets others have a turn, and a short one does not', async () => {
    assert.ok((await listed(all)).turns >= 2);
    assert.equal((await listed(listOf(few, 'what it does '))).turns, 0);
  });
});
