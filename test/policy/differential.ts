// Compares the engine with the second reading on random (policy, call) pairs.
// `node test/policy/differential.ts 1000000 7` runs a million from seed 7.
import { isDeepStrictEqual } from 'node:util';
import { compilePolicy, decide } from '../../src/policy/index.ts';
import type { AccessRequest, PolicyDocument, PolicySet } from '../../src/policy/index.ts';
import { randomDocuments, randomRequest, seeded } from './random-case.ts';
import { evaluate } from './reference-evaluator.ts';
import type { Documents } from './reference-evaluator.ts';

const callsPerPolicy = 10;
const pairsPerTurn = 10_000;

/** How often each answer was given; throws at the first difference, with the whole case. */
export function compare(pairs: number, seed: number): ReadonlyMap<string, number> {
  const random = seeded(seed);
  const seen = new Map<string, number>();
  for (let done = 0; done < pairs;) {
    const documents = randomDocuments(random);
    const set = compileAll(documents);
    for (let call = 0; call < callsPerPolicy && done < pairs; call += 1, done += 1) {
      const request = randomRequest(random);
      const answer = decide(set, request);
      const second = evaluate(documents, request);
      if (!isDeepStrictEqual(answer, second)) throw new Error(describe(documents, request));
      const name = answer.effect === 'deny' ? answer.code : 'allow';
      seen.set(name, (seen.get(name) ?? 0) + 1);
    }
  }
  return seen;
}

export function compileAll(documents: Documents): PolicySet {
  const guardrails = Object.entries(documents.guardrails).map(([name, document]) => ({
    name,
    policy: compile(document),
  }));
  return { policy: documents.policy === null ? null : compile(documents.policy), guardrails };
}

function compile(document: PolicyDocument): NonNullable<PolicySet['policy']> {
  const compiled = compilePolicy(document);
  if (!compiled.ok) {
    throw new Error(JSON.stringify([compiled.error, document], null, 1));
  }
  return compiled.value;
}

function describe(documents: Documents, request: AccessRequest): string {
  const engine = decide(compileAll(documents), request);
  const second = evaluate(documents, request);
  return JSON.stringify({ engine, second, request, documents }, null, 1);
}

if (import.meta.main) {
  const pairs = Number(process.argv[2] ?? 1_000_000);
  const seed = Number(process.argv[3] ?? 1);
  const total = new Map<string, number>();
  for (let done = 0; done < pairs; done += pairsPerTurn) {
    const seen = compare(Math.min(pairsPerTurn, pairs - done), seed + done);
    for (const [name, times] of seen) total.set(name, (total.get(name) ?? 0) + times);
    // Lets promises of a turn be collected: a million pairs in one turn would fill the memory.
    await new Promise((resume) => setImmediate(resume));
  }
  console.log(`${pairs} pairs, no difference: ${JSON.stringify(Object.fromEntries(total))}`);
}
