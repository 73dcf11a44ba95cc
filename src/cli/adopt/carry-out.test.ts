import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { clients } from '../../clients/clients.ts';
import { carryOutAll, type Write } from './carry-out.ts';
import type { Plan } from './plan.ts';
import { putBack, readAdopted } from './state.ts';

const before = '{ "mcpServers": { "a": { "command": "a" } } }';
const after = '{ "mcpServers": { "a": { "command": "portcullis" } } }';

interface Stand {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly plans: readonly Plan[];
}

/** Three clients' files, each to be changed in the same way. */
function stand(context: TestContext): Stand {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-adopt-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const [client] = clients;
  assert.ok(client !== undefined);
  const paths = ['one', 'two', 'three'].map((name) => join(folder, `${name}.json`));
  const plans = paths.map((path): Plan => {
    writeFileSync(path, before);
    return { found: { client, path, text: before, servers: [] }, text: after, servers: [] };
  });
  return { folder, paths, plans };
}

function failure(): Error {
  return Object.assign(new Error('full'), { code: 'ENOSPC' });
}

test('one file that cannot be written stays as it was; the others are changed, and undone', (context) => {
  const { folder, paths, plans } = stand(context);
  const refuses: Write = (path, bytes) => {
    if (path === paths[1]) throw failure();
    writeFileSync(path, bytes);
  };
  const carried = carryOutAll(plans, { folder, before: [] }, refuses);
  assert.equal(carried.done, 2);
  assert.deepEqual(carried.problems, [
    `\`${paths[1]}\` could not be changed (ENOSPC), and is left as it was`,
  ]);
  assert.deepEqual(contents(paths), [after, before, after]);
  const adopted = readAdopted(folder);
  assert.ok(adopted.ok);
  assert.deepEqual(
    adopted.value.map(({ path }) => path),
    [paths[0], paths[2]],
  );
  for (const one of adopted.value.toReversed()) assert.ok(putBack(one).ok);
  assert.deepEqual(contents(paths), [before, before, before]);
});

test('a write that ends in its middle is put back', (context) => {
  const { folder, paths, plans } = stand(context);
  const halves: Write = (path, bytes) => {
    if (path !== paths[1] || bytes !== after) return writeFileSync(path, bytes);
    writeFileSync(path, after.slice(0, 9));
    throw failure();
  };
  const { done, problems } = carryOutAll(plans, { folder, before: [] }, halves);
  assert.equal(done, 2);
  assert.match(problems.join(), /left as it was/);
  assert.deepEqual(contents(paths), [after, before, after]);
});

test('a file that is left half written is said to be damaged, and where its bytes are', (context) => {
  const { folder, paths, plans } = stand(context);
  const halves: Write = (path, bytes) => {
    if (path !== paths[1]) return writeFileSync(path, bytes);
    writeFileSync(path, after.slice(0, 9));
    throw failure();
  };
  const { done, problems } = carryOutAll(plans, { folder, before: [] }, halves);
  assert.equal(done, 2);
  const backup = /is damaged: copy `([^`]+)` there by hand/.exec(problems.join())?.[1] ?? '';
  assert.equal(readFileSync(backup, 'utf8'), before);
  const adopted = readAdopted(folder);
  assert.ok(adopted.ok);
  assert.deepEqual(
    adopted.value.map(({ path }) => path),
    paths,
    'where its bytes are stays on record',
  );
  assert.deepEqual(contents(paths), [after, after.slice(0, 9), after]);
});

test('a record that cannot be kept changes nothing, and is said for each file', (context) => {
  const { folder, paths, plans } = stand(context);
  mkdirSync(join(folder, 'adopted.json'));
  const { done, problems } = carryOutAll(plans, { folder, before: [] });
  assert.equal(done, 0);
  assert.equal(problems.length, paths.length);
  for (const problem of problems) assert.match(problem, /could not be changed .* left as it was/);
  assert.deepEqual(contents(paths), [before, before, before]);
});

test('a file that was put back by hand and changed again is put back, twice on record', (context) => {
  const { folder, paths, plans } = stand(context);
  carryOutAll(plans, { folder, before: [] });
  for (const path of paths) writeFileSync(path, before);
  const adopted = readAdopted(folder);
  assert.ok(adopted.ok);
  carryOutAll(plans, { folder, before: adopted.value });
  const twice = readAdopted(folder);
  assert.ok(twice.ok);
  assert.equal(twice.value.length, 6);
  for (const one of twice.value.toReversed())
    assert.deepEqual(putBack(one), { ok: true, value: null });
  assert.deepEqual(contents(paths), [before, before, before]);
});

function contents(paths: readonly string[]): readonly string[] {
  return paths.map((path) => readFileSync(path, 'utf8'));
}
