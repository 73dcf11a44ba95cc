import fc from 'fast-check';

import {
  assertEventsAgree,
  assertFrameAgrees,
  assertLinesAgree,
  assertOneEvent,
} from './compare-framing.ts';
import { FUZZ_LIMITS, assertReadersAgree } from './compare-readers.ts';
import { cuts, eventStreams, eventTexts, lineStreams, messages } from './generate-framing.ts';
import { documents, mutate, mutations } from './generate-json.ts';

const encoder = new TextEncoder();

/** The strict scan against the reference reader; throws at the first disagreement, shrunk. */
export function runScan(
  seed: number,
  numRuns: number,
): { readonly accepted: number; readonly refused: number } {
  const seen = { accepted: 0, refused: 0 };
  const changes = fc.array(mutations, { maxLength: 4 });
  const property = fc.property(documents, changes, (text, mutated) => {
    seen[assertReadersAgree(mutate(encoder.encode(text), mutated), FUZZ_LIMITS)] += 1;
  });
  fc.assert(property, { seed, numRuns });
  return seen;
}

/** The SSE decoder, the stdio framers and the readers of messages; throws as `runScan` does. */
export function runFraming(
  seed: number,
  numRuns: number,
): { readonly events: number; readonly lines: number; readonly messages: number } {
  const seen = { events: 0, lines: 0, messages: 0 };
  const run = <Values>(property: fc.IProperty<Values>): void => {
    fc.assert(property, { seed, numRuns });
  };
  run(
    fc.property(eventStreams, cuts, (bytes, places) => {
      assertEventsAgree(bytes, places);
      seen.events += 1;
    }),
  );
  run(
    fc.property(eventTexts, eventTexts, eventTexts, (data, event, id) => {
      assertOneEvent(data, event, id);
    }),
  );
  run(
    fc.property(lineStreams, cuts, fc.constantFrom(1, 16, 64, 1_024), (bytes, places, max) => {
      assertLinesAgree(bytes, places, max);
      seen.lines += 1;
    }),
  );
  const changes = fc.array(mutations, { maxLength: 1 });
  run(
    fc.property(messages, changes, (text, mutated) => {
      const kind = assertFrameAgrees(mutate(encoder.encode(text), mutated));
      if (kind === 'message') seen.messages += 1;
    }),
  );
  return seen;
}
