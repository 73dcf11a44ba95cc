import { writeSync } from 'node:fs';
import { sampleIntent } from '../../audit/record-samples.ts';
import { openScratch } from './audit-scratch.ts';

// For a test that kills this process: appends without end, and tells each record that was
// acknowledged in a pipe, which outlives it.
const [dir = '', durability = 'process', round = '0'] = process.argv.slice(2);
const { log } = await openScratch(dir, {
  durability: durability === 'power' ? 'power' : 'process',
  segmentBytesMax: 200_000,
  checkpointEveryMs: 5,
});
writeSync(1, 'open\n');
for (let turn = 0; ; turn += 1) {
  const appends = Array.from({ length: 1 + (turn % 40) }, async (_, index) => {
    const id = `dec_${round}_${turn}_${index}`;
    const result = await log.append(sampleIntent(id));
    if (result.ok) writeSync(1, `${result.value.seq} ${id}\n`);
  });
  await Promise.all(appends);
}
