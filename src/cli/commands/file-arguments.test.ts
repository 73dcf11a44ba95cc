import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { Command } from 'commander';

import { prepareWrap } from '../../main/wrap.ts';
import { addCommands } from './commands.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-arguments-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const policy = join(folder, 'policy.json');
writeFileSync(policy, '{ "version": "1", "default": "deny" }');
const unreadable = join(folder, 'unreadable.json');
writeFileSync(unreadable, '{}');
chmodSync(unreadable, 0);
const directory = join(folder, 'directory');
mkdirSync(directory);
const data = join(folder, 'data');

/** Every command that reads a file which it is given, `FILE` standing for that file. */
const commands: readonly (readonly string[])[] = [
  ['policy', 'check', 'FILE'],
  ['policy', 'check', policy, '--tools', 'FILE'],
  ['policy', 'test', 'FILE'],
  ['policy', 'explain', 'FILE', '--call', policy],
  ['policy', 'explain', policy, '--call', 'FILE'],
  ['policy', 'diff', 'FILE', policy],
  ['policy', 'diff', policy, 'FILE'],
  ['policy', 'simulate', 'FILE', '--data', data],
  ['policy', 'import', 'FILE'],
  ['attack', 'run', '--policy', 'FILE'],
  ['attack', 'run', '--policy', policy, '--tools', 'FILE'],
  ['scan', '--file', 'FILE'],
  ['catalogue', 'import', 'FILE', '--data', data],
  ['audit', 'verify', '--key', 'FILE', '--data', data],
  ['audit', 'verify', '--checkpoints', 'FILE', '--data', data],
];

const isRoot = process.getuid?.() === 0;
const files = [
  { what: 'that is not there', file: join(folder, 'none.json'), says: /there is no file/ },
  { what: 'below a file', file: join(policy, 'none.json'), says: /there is no file/ },
  { what: 'that is a folder', file: directory, says: /is a folder: name a file in it/ },
  { what: 'that may not be read', file: unreadable, says: /may not be read/, skip: isRoot },
];

async function ran(argv: readonly string[]): Promise<{ lines: readonly string[]; code: number }> {
  const lines: string[] = [];
  const keep = (line: string): void => void lines.push(line);
  const program = new Command().exitOverride().configureOutput({ writeErr: keep });
  const { signal } = new AbortController();
  await addCommands(program, argv[0], { io: { out: keep, err: keep }, version: '0.0.0', signal });
  const before = process.exitCode;
  process.exitCode = 0;
  await program.parseAsync(argv, { from: 'user' });
  const code = Number(process.exitCode);
  process.exitCode = before;
  return { lines, code };
}

for (const { what, file, says, skip = false } of files) {
  describe(`a file ${what}`, { skip: skip ? 'root may read everything' : false }, () => {
    for (const command of commands) {
      test(command.join(' ').replaceAll(`${folder}/`, ''), async () => {
        const argv = command.map((word) => (word === 'FILE' ? file : word));
        const { lines, code } = await ran(argv);
        const [first = ''] = lines;
        assert.match(first, says);
        assert.ok(first.includes(`\`${file}\``), first);
        assert.doesNotMatch(lines.join('\n'), /E[A-Z]{3,}|Error/);
        assert.equal(code, 2);
      });
    }

    test('run --policy FILE', async () => {
      const request = { policyPath: file, auditDir: data, open: [], command: 'none', args: [] };
      const prepared = await prepareWrap(request, {});
      assert.ok(!prepared.ok);
      assert.match(prepared.error, says);
      assert.doesNotMatch(prepared.error, /E[A-Z]{3,}|\n/);
    });
  });
}
