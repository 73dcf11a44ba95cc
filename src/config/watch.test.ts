import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchFiles, type FileWatch } from './watch.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'portcullis-watch-'));
});
after(() => rm(root, { recursive: true }));

const settleMs = 20;
let folders = 0;

interface Watched {
  readonly folder: string;
  readonly file: string;
  readonly watch: FileWatch;
  /** How often a change was told. */
  readonly told: () => number;
  /** Waits until so many changes were told in all, and a little longer. */
  readonly after: (count: number) => Promise<void>;
}

async function watched(pollMs = 60_000): Promise<Watched> {
  folders += 1;
  const folder = join(root, String(folders));
  await mkdir(folder);
  const file = join(folder, 'portcullis.json');
  await writeFile(file, 'one');
  let count = 0;
  const watch = watchFiles({ files: [file], settleMs, pollMs, onChange: () => (count += 1) });
  // The folder is being watched, and the first look was had.
  await sleep(50);
  const told = (): number => count;
  return {
    folder,
    file,
    watch,
    told,
    async after(expected) {
      for (let waited = 0; count < expected && waited < 3_000; waited += 10) await sleep(10);
      await sleep(5 * settleMs);
      assert.equal(count, expected);
      watch.close();
    },
  };
}

test('nothing is told of files that lie still', async () => {
  const { after: until } = await watched(10);
  await sleep(100);
  await until(0);
});

test('a file that is written again is told once', async () => {
  const { file, after: until } = await watched();
  await writeFile(file, 'two');
  await until(1);
});

test('a file that is replaced by a rename is told, each time', async () => {
  const { folder, file, told, after: until } = await watched();
  for (const text of ['two', 'one']) {
    const before = told();
    await writeFile(join(folder, 'draft'), text);
    await rename(join(folder, 'draft'), file);
    for (let waited = 0; told() === before && waited < 3_000; waited += 10) await sleep(10);
  }
  await until(2);
});

test('a file that is written in pieces is told when it is whole', async () => {
  const { file, told, watch } = await watched();
  for (let piece = 0; piece < 9; piece += 1) {
    await writeFile(file, `piece ${piece}`);
    await sleep(settleMs / 3);
  }
  // However slow the machine was up to here, what is told last is the whole file.
  const before = told();
  await writeFile(file, 'whole');
  for (let waited = 0; told() === before && waited < 3_000; waited += 10) await sleep(10);
  assert.equal(told() > before, true);
  assert.equal(told() <= 10, true);
  watch.close();
});

test('a file that is deleted is told, and again when it is back', async () => {
  const { file, told, after: until } = await watched();
  await rm(file);
  for (let waited = 0; told() === 0 && waited < 3_000; waited += 10) await sleep(10);
  await writeFile(file, 'back');
  await until(2);
});

test('a link that is turned to another folder is told', async () => {
  const { folder, watch, told, after: until } = await watched();
  for (const version of ['a', 'b']) {
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, 'p.json'), version);
  }
  await symlink('a', join(folder, 'current'));
  const linked = join(folder, 'current', 'p.json');
  watch.setFiles([linked]);
  await sleep(50);
  await symlink('b', join(folder, 'next'));
  await rename(join(folder, 'next'), join(folder, 'current'));
  // The folder that holds the link is not the file's: the poll finds it, or the next event does.
  watch.setFiles([linked]);
  for (let waited = 0; told() === 0 && waited < 3_000; waited += 10) await sleep(10);
  await writeFile(join(folder, 'b', 'p.json'), 'more');
  await until(2);
});

test('where nothing is heard of a change, the poll finds it', async () => {
  const { folder, file, watch, after: until } = await watched(30);
  const elsewhere = join(folder, 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'x'), '1');
  await symlink(elsewhere, join(folder, 'link'));
  watch.setFiles([file, join(folder, 'link', 'x')]);
  await sleep(50);
  const other = join(root, `other ${folders}`);
  await mkdir(other);
  await writeFile(join(other, 'x'), '2');
  await symlink(other, join(folder, 'draft'));
  await rename(join(folder, 'draft'), join(folder, 'link'));
  await until(1);
});

test('files that are new to a watch are not told for being there', async () => {
  const { folder, file, watch, after: until } = await watched(10);
  await writeFile(join(folder, 'other'), 'x');
  watch.setFiles([file, join(folder, 'other'), join(folder, 'none')]);
  await sleep(100);
  await until(0);
});

test('a watch that was closed tells nothing', async () => {
  const { file, watch, after: until } = await watched(10);
  watch.close();
  await writeFile(file, 'two');
  await until(0);
});
