import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { VerifyAnswer } from '../../audit/audit-files.ts';
import { readCheckpoints } from '../../audit/checkpoint.ts';
import { sampleIntent } from '../../audit/record-samples.ts';
import { createVerifier } from '../../audit/verify.ts';
import { readCheckpointLines } from './audit-checkpoints.ts';
import { openAuditFiles } from './audit-files.ts';
import { checkSignature } from './audit-keys.ts';
import { sha256 } from './audit-paths.ts';
import { parseJson } from './audit-read.ts';
import { openScratch, readScratch, scratchDirectory } from './audit-scratch.ts';

async function verified(data: string): Promise<VerifyAnswer> {
  const answer = await openAuditFiles(data).verify({});
  assert.ok(answer.ok);
  return answer.value;
}

test('a log that is being written verifies at any moment', async (context) => {
  const data = scratchDirectory(context);
  const { log, checkpoint } = await openScratch(data, { segmentBytesMax: 20_000 });
  let open = true;
  const writing = (async () => {
    for (let call = 0; open; call += 1) {
      await log.append(sampleIntent(`dec_${call}`));
      if (call % 5 === 0) await checkpoint();
    }
  })();
  let segments = 0;
  for (let round = 0; round < 500 && segments < 4; round += 1) {
    const answer = await verified(data);
    assert.equal(answer.finding, null);
    segments = answer.segments;
  }
  open = false;
  await writing;
  await log.close();
  assert.ok(segments >= 4);
});

test('a head that was kept elsewhere tells that the whole log was set back', async (context) => {
  const data = scratchDirectory(context);
  const early = scratchDirectory(context);
  const kept = join(scratchDirectory(context), 'kept.jsonl');
  const first = await openScratch(data);
  await first.log.append(sampleIntent('dec_1'));
  await first.log.close();
  fs.cpSync(data, early, { recursive: true });
  const second = await openScratch(data);
  await second.log.append(sampleIntent('dec_2'));
  await second.log.close();
  fs.copyFileSync(join(data, 'audit', 'checkpoints.jsonl'), kept);

  assert.equal((await verified(early)).finding, null, 'nothing in the directory itself can tell');
  const answer = await openAuditFiles(early).verify({ checkpointFile: kept });
  assert.ok(answer.ok);
  assert.equal(answer.value.finding?.kind, 'truncated');
  const sound = await openAuditFiles(data).verify({ checkpointFile: kept });
  assert.ok(sound.ok && sound.value.finding === null);
});

test('any byte that is changed anywhere is found, in its own record', async (context) => {
  const data = scratchDirectory(context);
  const { log: audit } = await openScratch(data, { segmentBytesMax: 6_000 });
  for (let call = 1; call <= 40; call += 1) await audit.append(sampleIntent(`dec_${call}`));
  await audit.close();
  const directory = join(data, 'audit');
  const segments = [...readScratch(directory)].map(([name, lines]) => ({ name, lines }));
  const all = segments.flatMap(({ lines }) => lines);
  const heads = readCheckpointLines(join(directory, 'checkpoints.jsonl'));
  const { checkpoints } = readCheckpoints(heads, null, checkSignature);

  fc.assert(
    fc.property(
      fc.nat(all.length - 1),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      (index, where, byte) => {
        const line = all[index] ?? '';
        const offset = where % line.length;
        const changed = line.slice(0, offset) + String.fromCharCode(byte) + line.slice(offset + 1);
        fc.pre(changed !== line && byte !== 10);
        const input = { sha256, parse: parseJson, checkpoints, checkpointProblem: null };
        const verifier = createVerifier(input);
        let seq = 0;
        for (const segment of segments) {
          verifier.segment(segment.name);
          for (const text of segment.lines) {
            verifier.line(seq === index ? changed : text);
            seq += 1;
          }
        }
        const { finding } = verifier.report();
        assert.ok(finding !== null);
        assert.equal(finding.seq, index + 1, `${finding.kind} for ${changed}`);
      },
    ),
    { numRuns: 1000 },
  );
});
