// `node test/bypass/fuzz.ts [seconds] [seed]`: mutated requests, and mutated answers of servers.
import { scanJson } from '../../src/base/strict-json.ts';
import { argumentsDigest } from '../../src/gateway/question.ts';
import { decodeMessage } from '../../src/mcp/decode.ts';
import { bytesOf, httpCases } from './case.ts';
import { goodCall, nameIn } from './corpus.ts';
import { chanceOf, mutateBytes, mutateRequest, type Chance } from './mutate.ts';
import { startOwnTarget, type OwnTarget } from './own.ts';
import { callsIn, whyDenied } from './readings.ts';
import type { Arrival } from './recorder.ts';
import { exchange } from './wire.ts';

/** How long, and from which seed. */
export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
}

/** What came of it. */
export interface FuzzReport {
  readonly inputs: number;
  /** Calls that reached the server. */
  readonly reached: number;
  /** What must not be, with the bytes that did it; empty when all is well. */
  readonly problems: readonly string[];
}

const waitMs = 250;
const atOnce = 16;
const seedBytesMax = 8_192;

/**
 * Sends mutated requests until time is over. Whatever calls the server received must each have been
 * judged, as that tool with exactly those arguments; the gateway answers throughout.
 */
export async function fuzz({ seconds, seed }: FuzzOptions): Promise<FuzzReport> {
  const target = await startOwnTarget();
  const chance = chanceOf(seed);
  const problems: string[] = [];
  const endMs = performance.now() + seconds * 1_000;
  let inputs = 0;
  let reached = 0;
  while (performance.now() < endMs && problems.length === 0) {
    const sent = await sendRound(target, chance, inputs);
    inputs += sent.length;
    reached += target.recorder.arrivals.length;
    const found = judgeRound(target);
    problems.push(...found.map((problem) => `${problem}\n${shown(sent)}`));
  }
  await target.close();
  return { inputs, reached, problems };
}

/** Every fourth round is about what servers answer, one at a time; the others about requests. */
async function sendRound(
  target: OwnTarget,
  chance: Chance,
  inputs: number,
): Promise<readonly Buffer[]> {
  target.recorder.arrivals.length = 0;
  target.path.records.length = 0;
  const { address, values } = target;
  const sent: Buffer[] = [];
  if ((inputs / atOnce) % 4 === 3) {
    const { requests, answers } = hostileSeeds(target);
    for (let count = 0; count < atOnce; count += 1) {
      const answer = mutateBytes(chance, chance.pick(answers), answers);
      target.recorder.answerWith('"bypass-hostile"', answer);
      sent.push(answer);
      await exchange(address, { bytes: chance.pick(requests), waitMs });
    }
    target.recorder.answerWith('', null);
  } else {
    const seeds = requestSeeds(target);
    for (let count = 0; count < atOnce; count += 1) sent.push(mutateRequest(chance, seeds));
    await Promise.all(sent.map((bytes) => exchange(address, { bytes, waitMs })));
  }
  const good = await exchange(address, { bytes: bytesOf(goodCall, values), waitMs: 10_000 });
  if (!good.text.includes('it ran')) throw new Error(`no good call passes after\n${shown(sent)}`);
  return sent;
}

const seedsOf = new WeakMap<OwnTarget, readonly Buffer[]>();

function requestSeeds(target: OwnTarget): readonly Buffer[] {
  const known = seedsOf.get(target);
  if (known !== undefined) return known;
  const inputs = httpCases().flatMap((file) =>
    file.cases.flatMap((one) => [one.send, ...(one.twin === undefined ? [] : [one.twin.send])]),
  );
  const all = inputs.map((send) => bytesOf(send, target.values));
  const seeds = all.filter((bytes) => bytes.length <= seedBytesMax);
  seedsOf.set(target, seeds);
  return seeds;
}

function hostileSeeds({ values }: OwnTarget): {
  readonly requests: readonly Buffer[];
  readonly answers: readonly Buffer[];
} {
  const cases = httpCases().flatMap((file) => file.cases);
  const hostile = cases.filter((one) => one.hostile !== undefined);
  return {
    requests: hostile.map((one) => bytesOf(one.send, values)),
    answers: hostile.map((one) => bytesOf(one.hostile?.answer ?? [], values)),
  };
}

/** INVARIANT: each call that arrived is one that was permitted, with the arguments it has. */
function judgeRound(target: OwnTarget): readonly string[] {
  const problems: string[] = [];
  const permitted = new Map<string, number>();
  for (const record of target.path.records) {
    if (record.kind !== 'intent') continue;
    const key = `${record.tool} ${record.argumentsDigest ?? ''}`;
    permitted.set(key, (permitted.get(key) ?? 0) + 1);
  }
  for (const arrival of target.recorder.arrivals) {
    for (const call of callsIn(arrival)) {
      const why = whyDenied(call);
      if (why !== null) problems.push(why);
    }
    const key = keyOf(target, arrival);
    if (key === null) continue;
    const left = permitted.get(key) ?? 0;
    if (left === 0) problems.push(`arrived, and was not judged so: ${arrival.bytes.toString()}`);
    permitted.set(key, left - 1);
  }
  return problems;
}

/** The tool and the digest of its arguments, as the record of a permitted call has them. */
function keyOf(target: OwnTarget, arrival: Arrival): string | null {
  if (arrival.method !== 'POST') return null;
  const limits = target.path.gateway.limits.json;
  const text = scanJson(arrival.bytes, limits);
  if (!text.ok) return `(unreadable) ${text.error.code}`;
  const message = decodeMessage(text.value);
  if (!message.ok) return `(no message) ${message.error.reason}`;
  if (message.value.kind !== 'request' || message.value.method !== 'tools/call') return null;
  const digest = argumentsDigest(target.path.gateway.digest, message.value);
  return `${nameIn(message.value.params)} ${digest ?? ''}`;
}

function shown(sent: readonly Buffer[]): string {
  return sent.map((bytes) => JSON.stringify(bytes.toString('latin1').slice(0, 2_000))).join('\n');
}

if (import.meta.main) {
  const [seconds = '20', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
  const report = await fuzz({ seconds: Number(seconds), seed: Number(seed) });
  console.log(
    `seed ${seed}: ${report.inputs} inputs, ${report.reached} messages reached the server`,
  );
  for (const problem of report.problems) console.log(problem);
  if (report.problems.length > 0) process.exitCode = 1;
}
