/**
 * Compares the strict scan with the reference reader on random documents and their mutations, for
 * as many seconds as the first argument says (default 10); the second is a seed. Exits 1 at the
 * first disagreement, with the seed and the shrunk document in the message.
 */
import fc from 'fast-check';
import { FUZZ_LIMITS, assertReadersAgree } from './compare-readers.ts';
import { documents, mutate, mutations } from './generate-json.ts';

const seconds = Number(process.argv[2] ?? '10');
const firstSeed = Number(process.argv[3] ?? String((performance.timeOrigin % 2 ** 31) | 0));
const until = performance.now() + seconds * 1000;
const encoder = new TextEncoder();
const seen = { accepted: 0, refused: 0 };

const property = fc.property(documents, fc.array(mutations, { maxLength: 4 }), (text, changes) => {
  seen[assertReadersAgree(mutate(encoder.encode(text), changes), FUZZ_LIMITS)] += 1;
});

let seed = firstSeed;
while (performance.now() < until) {
  fc.assert(property, { seed, numRuns: 2000 });
  seed += 1;
}
process.stdout.write(
  `no disagreement: ${seen.accepted} accepted, ${seen.refused} refused, ` +
    `seeds ${firstSeed} to ${seed - 1}\n`,
);
