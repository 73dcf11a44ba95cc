// The language's cases once more, by the whole gateway: what the engine decides is what is done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCaseFiles } from './spec-cases.ts';
import { runOverWire } from './wire-cases.ts';

let ran = 0;
let lists = 0;
const skipped = new Map<string, number>();

for (const [name, file] of readCaseFiles()) {
  test(`over the wire: ${name}`, async () => {
    const report = await runOverWire(file);
    ran += report.ran;
    lists += report.lists;
    for (const [reason, names] of report.skipped) {
      skipped.set(reason, (skipped.get(reason) ?? 0) + names.length);
    }
    assert.deepEqual(report.wrong, []);
  });
}

test('nearly every case can be put over the wire', (t) => {
  t.diagnostic(`${ran} cases over the wire, ${lists} lists`);
  for (const [reason, count] of skipped) t.diagnostic(`not over the wire: ${reason}: ${count}`);
  assert.ok(ran >= 1000, `${ran} cases`);
});
