import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Command } from 'commander';

import { addCommands } from './commands.ts';

async function namesFor(word?: string): Promise<readonly string[]> {
  const program = new Command().enablePositionalOptions();
  const { signal } = new AbortController();
  const io = { out: () => undefined, err: () => undefined };
  await addCommands(program, word, { io, version: '0.0.0', signal });
  return program.commands.map((command) => command.name());
}

const all = await namesFor();

for (const word of all) {
  test(`${word} brings itself and no other command`, async () => {
    assert.deepEqual(await namesFor(word), [word]);
  });
}

for (const word of ['', '--help', 'help', 'polcy', 'constructor']) {
  test(`\`${word}\` brings every command, each once`, async () => {
    assert.deepEqual(await namesFor(word), all);
    assert.equal(new Set(all).size, 15);
  });
}
