import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parse as parseTomlText } from 'smol-toml';

import { ok } from '../base/result.ts';
import { goesThrough, wrapped } from './between.ts';
import { serversIn } from './client.ts';
import { clients } from './clients.ts';
import { differenceOf } from './difference.ts';
import { withCommand } from './edit.ts';
import { parseConfiguration } from './parse.ts';
import { samples } from './samples.ts';

const parseToml = (text: string) => ok(parseTomlText(text));
const own = { node: '/opt/node', script: '/opt/portcullis/bin/portcullis.mjs' };

test("the gateway is put into each client's configuration, and nothing else changes", () => {
  for (const client of clients) {
    const text = samples[client.id]?.text ?? '';
    const root = parseConfiguration(client, text, parseToml);
    assert.ok(root.ok);
    for (const server of serversIn(client, root.value)) {
      if (server.entry.transport !== 'stdio') continue;
      const to = wrapped(server.entry, '/home/u/a "b".json', own);
      const edited = withCommand(client, text, { server, to, parseToml });
      assert.ok(edited.ok, `${client.id}: ${edited.ok ? '' : edited.error}`);
      const after = parseConfiguration(client, edited.value, parseToml);
      assert.ok(after.ok);
      const found = serversIn(client, after.value).find(({ name }) => name === server.name);
      assert.deepEqual(found?.entry, { ...server.entry, ...to });
      assert.ok(found !== undefined && goesThrough(found.entry, []));
      assert.ok(!goesThrough(server.entry, []));
      for (const comment of [
        '// Asked for',
        '/* pinned',
        '# notes',
        '# the default',
        '# Over the',
        '// Zed',
      ]) {
        assert.equal(edited.value.includes(comment), text.includes(comment), comment);
      }
      assert.equal(edited.value.endsWith(text.slice(-3)), true);
    }
  }
});

test('a TOML table without arguments, with quoted names and with windows line ends is edited', () => {
  const codex = clients.find(({ id }) => id === 'codex');
  assert.ok(codex !== undefined);
  const cases = [
    '[mcp_servers."my server"]\ncommand = \'srv\' # here\n',
    '[mcp_servers.a]\r\ncommand = "srv"\r\nargs = ["[x", \'#y\']\r\n\r\n[other]\r\nargs = 1\r\n',
  ];
  for (const text of cases) {
    const [server] = serversIn(codex, parseTomlText(text));
    assert.ok(server !== undefined && server.entry.transport === 'stdio');
    const to = wrapped(server.entry, '/p.json', own);
    const edited = withCommand(codex, text, { server, to, parseToml });
    assert.ok(edited.ok);
    const [found] = serversIn(codex, parseTomlText(edited.value));
    assert.deepEqual(found?.entry, { ...server.entry, ...to });
  }
  const inline = 'mcp_servers = { a = { command = "srv" } }\n';
  const [server] = serversIn(codex, parseTomlText(inline));
  assert.ok(server !== undefined);
  const refused = withCommand(codex, inline, { server, to: { command: 'x', args: [] }, parseToml });
  assert.match(refused.ok ? '' : refused.error, /by hand/);
});

test('an address of the gateway goes through it, others do not', () => {
  const http = (url: string) => ({ transport: 'http', url, headers: {} }) as const;
  assert.ok(goesThrough(http('http://127.0.0.1:8420/s/a/mcp'), ['http://127.0.0.1:8420']));
  assert.ok(!goesThrough(http('http://127.0.0.1:8421/s/a/mcp'), ['http://127.0.0.1:8420']));
  assert.ok(!goesThrough(http('https://a.example/mcp'), ['http://127.0.0.1:8420']));
});

test('a difference shows the lines that changed with what is around them', () => {
  assert.deepEqual(differenceOf('a\nb\nc\nd', 'a\nb\nX\nd'), [
    '@@ line 3 @@',
    ' a',
    ' b',
    '-c',
    '+X',
    ' d',
  ]);
});
