import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parse as parseTomlText } from 'smol-toml';

import { ok } from '../base/result.ts';
import { serversIn, type Machine } from './client.ts';
import { clients } from './clients.ts';
import { parseConfiguration } from './parse.ts';
import { samples } from './samples.ts';

const machine: Machine = {
  platform: 'linux',
  home: '/home/u',
  folder: '/work/p',
  configHome: null,
  appData: null,
};

test("each client's configuration is read in its own form", () => {
  for (const client of clients) {
    const sample = samples[client.id];
    assert.ok(sample !== undefined, client.id);
    const root = parseConfiguration(client, sample.text, (text) => ok(parseTomlText(text)));
    assert.ok(root.ok, client.id);
    const servers = serversIn(client, root.value).map(({ name, entry }) => [name, entry]);
    assert.deepEqual(servers, sample.servers, client.id);
  }
});

test('each client has a place on each system', () => {
  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    for (const client of clients) {
      const places = client.places({ ...machine, platform });
      assert.ok(places.length > 0 && places.every((place) => place.startsWith('/')), client.id);
    }
  }
});

test('a broken configuration is refused with its line', () => {
  const client = clients.find(({ id }) => id === 'cursor');
  assert.ok(client !== undefined);
  const read = parseConfiguration(client, '{\n "mcpServers": {\n,', () => ok({}));
  assert.match(read.ok ? '' : read.error, /^line 3:/);
});
