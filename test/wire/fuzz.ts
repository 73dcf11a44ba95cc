// `node test/wire/fuzz.ts [seconds] [seed]`: all that reads bytes, for as long as is said. In turns:
// the scan of JSON, the decoder of events and the framers of stdio against plain second readings,
// and the whole gateway over raw HTTP. Exits 1 at the first problem, with what caused it.
import { fuzz } from '../bypass/fuzz.ts';
import { runFraming, runScan } from './properties.ts';

const [secondsText = '60', seedText = String(Date.now() % 1_000_000)] = process.argv.slice(2);
const firstSeed = Number(seedText);
const endMs = performance.now() + Number(secondsText) * 1_000;
const httpSecondsMax = 10;
const readingMs = 4_000;
const total = {
  documents: 0,
  events: 0,
  lines: 0,
  messages: 0,
  inputs: 0,
  reached: 0,
  slowestMs: 0,
};

let seed = firstSeed;
while (performance.now() < endMs && process.exitCode === undefined) {
  const untilMs = Math.min(endMs, performance.now() + readingMs);
  while (performance.now() < untilMs) {
    const startMs = performance.now();
    const scanned = runScan(seed, 1_000);
    const framed = runFraming(seed, 500);
    total.documents += scanned.accepted + scanned.refused;
    total.events += framed.events;
    total.lines += framed.lines;
    total.messages += framed.messages;
    total.slowestMs = Math.max(total.slowestMs, Math.round(performance.now() - startMs));
    seed += 1;
  }
  const seconds = Math.min(httpSecondsMax, (endMs - performance.now()) / 1_000);
  if (seconds <= 0) break;
  const sent = await fuzz({ seconds, seed });
  total.inputs += sent.inputs;
  total.reached += sent.reached;
  for (const problem of sent.problems) console.log(`seed ${seed}: ${problem}`);
  if (sent.problems.length > 0) process.exitCode = 1;
}
console.log(`seeds ${firstSeed} to ${seed - 1}: ${JSON.stringify(total)}`);
