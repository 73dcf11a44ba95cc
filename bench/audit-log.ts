// `node bench/audit-log.ts [records]`: how long a long audit log takes to be written, indexed,
// verified and searched. It makes a log of its own in a temporary folder and removes it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleIntent, sampleOutcome } from '../src/audit/record-samples.ts';
import { silentLog } from '../src/base/log.ts';
import { backUp, restore } from '../src/storage/backup.ts';
import { openAuditFiles } from '../src/storage/embedded/audit-files.ts';
import { AuditIndex } from '../src/storage/embedded/audit-index.ts';
import { openAuditLog } from '../src/storage/embedded/audit-open.ts';
import { auditPaths } from '../src/storage/embedded/audit-paths.ts';

const records = Number(process.argv[2] ?? 1_000_000);
const grants = 40;
const tools = 60;
const searches = 200;
const start = 1_790_000_000_000;

/** Calls of many grants and tools, each with its outcome, in the order of time. */
async function write(dir: string): Promise<void> {
  const clock = { nowMs: () => start, monotonicMs: () => performance.now() };
  const opened = await openAuditLog({
    dir,
    durability: 'process',
    clock,
    log: silentLog,
    countersSnapshot: () => [],
  });
  if (!opened.ok) throw new Error(opened.error.code);
  const { log } = opened.value;
  for (let call = 0; call < records / 2; call += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, n) => append(call + n)));
  }
  await log.close();

  function append(n: number): Promise<unknown> {
    const id = `dec_${n}`;
    const time = start + n * 10;
    const intent = sampleIntent(id, {
      time,
      grant: `grt_${(n * 7) % grants}`,
      principal: `agent:${(n * 7) % grants}`,
      server: `server-${n % 6}`,
      tool: `tool_${(n * 13) % tools}`,
    });
    void log.append(intent);
    return log.append(sampleOutcome(id, { time: time + 5 }));
  }
}

async function timed<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const before = performance.now();
  const value = await work();
  console.log(`${what.padEnd(44)} ${((performance.now() - before) / 1_000).toFixed(2)} s`);
  return value;
}

function percentile(sorted: readonly number[], part: number): string {
  return `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1)} ms`;
}

const root = mkdtempSync(join(tmpdir(), 'portcullis-bench-audit-'));
const dir = join(root, 'data');
try {
  await timed(`write ${records} records`, () => write(dir));
  await timed('index them', () => {
    const index = new AuditIndex(auditPaths(dir));
    while (index.step()) {
      // Everything happens in the condition.
    }
    index.close();
  });
  const files = openAuditFiles(dir);
  const verified = await timed('verify', () => files.verify({}));
  if (!verified.ok || verified.value.finding !== null) throw new Error('the log does not verify');
  console.log(`  ${verified.value.records} records in ${verified.value.segments} segments`);
  const copy = join(root, 'copy');
  const made = await timed('back up', () => backUp(dir, copy, start));
  if (!made.ok) throw new Error(made.error.code);
  const restored = await timed('restore', () => restore(copy, join(root, 'again')));
  if (!restored.ok) throw new Error(restored.error.code);
  const took: number[] = [];
  for (let n = 0; n < searches; n += 1) {
    const query = { grant: `grt_${n % grants}`, tool: `tool_${(n * 13) % tools}`, limit: 100 };
    const before = performance.now();
    const found = await files.search(query);
    took.push(performance.now() - before);
    if (!found.ok || !found.value.complete) throw new Error('the search is not complete');
  }
  const sorted = took.toSorted((a, b) => a - b);
  const figures = [0.5, 0.95, 0.99].map((part) => percentile(sorted, part)).join(', ');
  console.log(`${'search by grant and tool: p50, p95, p99'.padEnd(44)} ${figures}`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
