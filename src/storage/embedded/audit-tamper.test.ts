import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { VerifyAnswer } from '../../audit/audit-files.ts';
import { sampleIntent, sampleOutcome } from '../../audit/record-samples.ts';
import type { TamperKind } from '../../audit/tamper.ts';
import { readCheckpointLines } from './audit-checkpoints.ts';
import { openAuditFiles } from './audit-files.ts';
import { segmentPath, sha256 } from './audit-paths.ts';
import { openScratch, readScratch, scratchDirectory, writeScratch } from './audit-scratch.ts';

interface Log {
  readonly data: string;
  readonly directory: string;
  /** Segments' names in order. */
  readonly names: readonly number[];
  lines(segment: number): string[];
  write(segment: number, lines: readonly string[]): void;
}

/** Five segments; a signed head at each rotation, at the start and at the stop. */
async function makeLog(data: string): Promise<Log> {
  const { log } = await openScratch(data, { segmentBytesMax: 6_000 });
  for (let call = 1; call <= 20; call += 1) {
    await log.append(sampleIntent(`dec_${call}`));
    await log.append(sampleOutcome(`dec_${call}`));
  }
  await log.close();
  const directory = join(data, 'audit');
  return {
    data,
    directory,
    names: [...readScratch(directory).keys()],
    lines: (segment) => readScratch(directory).get(segment) ?? [],
    write: (segment, lines) => writeScratch(directory, segment, lines),
  };
}

async function verified(data: string): Promise<VerifyAnswer> {
  const answer = await openAuditFiles(data).verify({});
  assert.ok(answer.ok);
  return answer.value;
}

/** Links and numbers every line anew from one on, as somebody who knows the format would. */
function recompute(log: Log, from: number): void {
  let seq = 0;
  let prev = '';
  for (const name of log.names) {
    const lines = log.lines(name).map((line) => {
      seq += 1;
      const relinked =
        seq <= from
          ? line
          : line.replace(/"seq":\d+,"prev":"[^"]{43}"/, `"seq":${seq},"prev":"${prev}"`);
      prev = sha256(relinked);
      return relinked;
    });
    log.write(name, lines);
  }
}

function copyFile(log: Log, from: number, to: number): void {
  fs.copyFileSync(segmentPath(log.directory, from), segmentPath(log.directory, to));
}

interface Tampering {
  readonly name: string;
  readonly kind: TamperKind;
  /** Does it, and answers the first bad record. */
  readonly tamper: (log: Log) => number;
}

function at(log: Log, segment: number): { readonly name: number; readonly lines: string[] } {
  const name = log.names[segment] ?? 0;
  return { name, lines: log.lines(name) };
}

/** Changes one line of a segment; the index counts from 0. */
function edit(log: Log, segment: number, index: number, change: (line: string) => string): number {
  const { name, lines } = at(log, segment);
  lines[index] = change(lines[index] ?? '');
  log.write(name, lines);
  return name + index;
}

const tamperings: readonly Tampering[] = [
  {
    name: 'a value in a record is changed',
    kind: 'changed',
    tamper: (log) => edit(log, 1, 3, (line) => line.replace('agent:ci', 'agent:xi')),
  },
  {
    name: 'the last record of a segment is changed',
    kind: 'changed',
    tamper: (log) =>
      edit(log, 1, at(log, 1).lines.length - 1, (line) => line.replace('"time":1', '"time":2')),
  },
  {
    name: 'the very last record is changed',
    kind: 'changed',
    tamper: (log) =>
      edit(log, -1 + log.names.length, at(log, log.names.length - 1).lines.length - 1, (line) =>
        line.replace('"time":1', '"time":2'),
      ),
  },
  {
    name: 'a link is changed',
    kind: 'changed',
    tamper: (log) => edit(log, 1, 3, (line) => line.replace(/"prev":"./, '"prev":"_')),
  },
  {
    name: 'a number is changed',
    kind: 'changed',
    tamper: (log) => edit(log, 1, 3, (line) => line.replace(/"seq":\d+/, '"seq":900')),
  },
  {
    name: 'the first record of all is changed',
    kind: 'changed',
    tamper: (log) =>
      edit(log, 0, 0, (line) => line.replace('"installation":"ins_', '"installation":"inx_')),
  },
  {
    name: 'a record is deleted',
    kind: 'removed',
    tamper: (log) => {
      const { name, lines } = at(log, 1);
      log.write(name, lines.toSpliced(3, 1));
      return name + 3;
    },
  },
  {
    name: 'the end of a middle segment is deleted',
    kind: 'removed',
    tamper: (log) => {
      const { name, lines } = at(log, 1);
      log.write(name, lines.slice(0, 3));
      return name + 3;
    },
  },
  {
    name: 'a record is deleted and the next one linked over the gap',
    kind: 'removed',
    tamper: (log) => {
      const { name, lines } = at(log, 1);
      const next = (lines[4] ?? '').replace(/"prev":"[^"]+"/, `"prev":"${sha256(lines[2] ?? '')}"`);
      log.write(name, lines.toSpliced(3, 2, next));
      return name + 3;
    },
  },
  {
    name: 'a record is inserted with the next number and the right link',
    kind: 'inserted',
    tamper: (log) => {
      const { name, lines } = at(log, 1);
      const forged = (lines[3] ?? '').replace('agent:ci', 'agent:me');
      log.write(name, lines.toSpliced(3, 0, forged));
      return name + 3;
    },
  },
  {
    name: 'a record of another log is inserted',
    kind: 'inserted',
    tamper: (log) => {
      const { name, lines } = at(log, 1);
      const forged = (lines[3] ?? '')
        .replace(/"prev":"..../, '"prev":"AAAA')
        .replace(/"seq":\d+/, '"seq":777');
      log.write(name, lines.toSpliced(3, 0, forged));
      return 777;
    },
  },
  {
    name: 'a record is repeated',
    kind: 'repeated',
    tamper: (log) => {
      const { name, lines } = at(log, 1);
      log.write(name, lines.toSpliced(6, 0, lines[3] ?? ''));
      return name + 3;
    },
  },
  {
    name: 'two records change places',
    kind: 'reordered',
    tamper: (log) => {
      const { name, lines } = at(log, 1);
      log.write(name, lines.toSpliced(3, 2, lines[4] ?? '', lines[3] ?? ''));
      return name + 3;
    },
  },
  {
    name: 'the last two records change places',
    kind: 'reordered',
    tamper: (log) => {
      const { name, lines } = at(log, log.names.length - 1);
      log.write(name, [...lines.slice(0, -2), lines.at(-1) ?? '', lines.at(-2) ?? '']);
      return name + lines.length - 2;
    },
  },
  {
    name: 'a line is no record',
    kind: 'malformed',
    tamper: (log) => edit(log, 1, 3, (line) => line.slice(0, -1)),
  },
  {
    name: 'bytes stand at the end of a finished segment',
    kind: 'malformed',
    tamper: (log) => {
      const name = log.names[1] ?? 0;
      fs.appendFileSync(segmentPath(log.directory, name), '{"v":1,');
      return log.names[2] ?? 0;
    },
  },
  {
    name: 'the tail is cut off',
    kind: 'truncated',
    tamper: (log) => {
      const { name, lines } = at(log, log.names.length - 1);
      log.write(name, lines.slice(0, 2));
      return name + 2;
    },
  },
  {
    name: 'the last segment is deleted',
    kind: 'truncated',
    tamper: (log) => {
      const { name } = at(log, log.names.length - 1);
      fs.rmSync(segmentPath(log.directory, name));
      return name;
    },
  },
  {
    name: 'a record is changed and the whole chain computed anew',
    kind: 'rewritten',
    tamper: (log) => {
      const seq = edit(log, 1, 3, (line) => line.replace('agent:ci', 'agent:xi'));
      recompute(log, seq);
      // The next signed head is the one at the segment's end.
      return (log.names[2] ?? 0) - 1;
    },
  },
  {
    name: 'a middle segment is deleted',
    kind: 'segment-removed',
    tamper: (log) => {
      fs.rmSync(segmentPath(log.directory, log.names[1] ?? 0));
      return log.names[1] ?? 0;
    },
  },
  {
    name: 'the first segment is deleted',
    kind: 'segment-removed',
    tamper: (log) => {
      fs.rmSync(segmentPath(log.directory, 1));
      return 1;
    },
  },
  {
    name: 'two segments swap their names',
    kind: 'segment-swapped',
    tamper: (log) => {
      const one = at(log, 1);
      const other = at(log, 2);
      log.write(one.name, other.lines);
      log.write(other.name, one.lines);
      return one.name;
    },
  },
  {
    name: 'an old segment is played again over a later one',
    kind: 'segment-replayed',
    tamper: (log) => {
      copyFile(log, log.names[1] ?? 0, log.names[2] ?? 0);
      return log.names[2] ?? 0;
    },
  },
  {
    name: 'a segment is put between two others',
    kind: 'segment-inserted',
    tamper: (log) => {
      const name = (log.names[2] ?? 0) + 1;
      copyFile(log, log.names[1] ?? 0, name);
      return name;
    },
  },
  {
    name: 'a signed head is changed',
    kind: 'checkpoint-forged',
    tamper: (log) => {
      const path = join(log.directory, 'checkpoints.jsonl');
      const lines = readCheckpointLines(path).map((line) => line.replace(/"time":1/, '"time":2'));
      fs.writeFileSync(path, `${lines.join('\n')}\n`);
      return Number(/"seq":(\d+)/.exec(lines[0] ?? '')?.[1]);
    },
  },
  {
    name: 'the heads were signed with another key',
    kind: 'checkpoint-foreign',
    tamper: (log) => {
      const { publicKey } = generateKeyPairSync('ed25519');
      const pem = publicKey.export({ type: 'spki', format: 'pem' });
      fs.writeFileSync(join(log.directory, 'public-key.pem'), pem);
      const [line] = readCheckpointLines(join(log.directory, 'checkpoints.jsonl'));
      return Number(/"seq":(\d+)/.exec(line ?? '')?.[1]);
    },
  },
  {
    name: 'all signed heads are deleted',
    kind: 'checkpoint-missing',
    tamper: (log) => {
      fs.rmSync(join(log.directory, 'checkpoints.jsonl'));
      const { name, lines } = at(log, log.names.length - 1);
      return name + lines.length - 1;
    },
  },
];

test('every way of tampering has its kind and first bad record (B-132)', async (context) => {
  const original = scratchDirectory(context);
  await makeLog(original);
  for (const { name, kind, tamper } of tamperings) {
    await context.test(name, async (inner: TestContext) => {
      const data = scratchDirectory(inner);
      fs.cpSync(original, data, { recursive: true });
      const directory = join(data, 'audit');
      const untouched = await verified(data);
      assert.equal(untouched.finding, null);
      assert.equal(untouched.signedTo, untouched.head?.seq);
      const log: Log = {
        data,
        directory,
        names: [...readScratch(directory).keys()],
        lines: (segment) => readScratch(directory).get(segment) ?? [],
        write: (segment, lines) => writeScratch(directory, segment, lines),
      };
      const seq = tamper(log);
      const { finding } = await verified(data);
      assert.deepEqual([finding?.kind, finding?.seq], [kind, seq], JSON.stringify(finding));
    });
  }
});

test('a segment of another installation is named', async (context) => {
  const one = scratchDirectory(context);
  const other = scratchDirectory(context);
  const log = await makeLog(one);
  await makeLog(other);
  const name = log.names[2] ?? 0;
  fs.copyFileSync(segmentPath(join(other, 'audit'), name), segmentPath(log.directory, name));
  const { finding } = await verified(one);
  assert.deepEqual([finding?.kind, finding?.seq], ['foreign', name]);

  // Even one whose link was made to fit, and whose signed heads are gone, names its installation.
  const lines = readScratch(join(other, 'audit')).get(name) ?? [];
  const last = sha256(log.lines(log.names[1] ?? 0).at(-1) ?? '');
  lines[0] = (lines[0] ?? '').replace(/"prev":"[^"]+"/, `"prev":"${last}"`);
  log.write(name, lines);
  fs.rmSync(join(log.directory, 'checkpoints.jsonl'));
  const forged = await verified(one);
  assert.deepEqual([forged.finding?.kind, forged.finding?.seq], ['foreign', name]);
});
