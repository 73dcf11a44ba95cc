import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { makeFolder } from './folder.ts';

test('a folder is made, or one line says why not', async (context) => {
  const root = await mkdtemp(join(tmpdir(), 'portcullis-folder-'));
  context.after(() => rm(root, { recursive: true }));
  await writeFile(join(root, 'file'), '');
  await symlink(join(root, 'nowhere'), join(root, 'link'));
  await symlink(root, join(root, 'here'));
  const cases: readonly (readonly [path: string, problem: RegExp | null])[] = [
    ['.', null],
    ['here', null],
    ['a/b/c', null],
    ['file', /\/file is no folder; choose another with --data$/],
    ['link', /\/link is no folder; choose another with --data$/],
    ['file/a', /\/file\/a cannot be made \(ENOTDIR\); choose another with --data$/],
  ];
  for (const [path, problem] of cases) {
    const made = await makeFolder(join(root, path));
    if (problem === null) assert.ok(made.ok, path);
    else assert.match(made.ok ? '' : made.error, problem, path);
  }
});
