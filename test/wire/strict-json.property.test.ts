import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyEdits, membersAt, scanJson } from '../../src/base/strict-json.ts';
import { FUZZ_LIMITS, assertReadersAgree } from './compare-readers.ts';
import { documents, mutate, mutations } from './generate-json.ts';
import { ACCEPTED, CASE_LIMITS, NOT_UTF8, REFUSED } from './json-cases.ts';

const encoder = new TextEncoder();

test('the two readers agree on the tables', () => {
  for (const text of ACCEPTED) {
    assert.equal(assertReadersAgree(encoder.encode(text), CASE_LIMITS), 'accepted', text);
  }
  for (const [text] of REFUSED) {
    assert.equal(assertReadersAgree(encoder.encode(text), CASE_LIMITS), 'refused', text);
  }
  for (const [bytes] of NOT_UTF8) {
    assert.equal(assertReadersAgree(Uint8Array.from(bytes), CASE_LIMITS), 'refused');
  }
});

test('the two readers agree on 10,000 documents, whole and broken', () => {
  const seen = { accepted: 0, refused: 0 };
  const property = fc.property(
    documents,
    fc.array(mutations, { maxLength: 2 }),
    (text, changes) => {
      seen[assertReadersAgree(mutate(encoder.encode(text), changes), FUZZ_LIMITS)] += 1;
    },
  );
  fc.assert(property, { numRuns: 10_000 });
  assert(seen.accepted > 1000 && seen.refused > 1000, JSON.stringify(seen));
});

test('outside its ranges an edit changes no byte', () => {
  const property = fc.property(documents, fc.array(fc.nat(3)), (text, picks) => {
    const source = `{"é😀":${text},"x":[${text}],"中":0}`;
    const bytes = encoder.encode(source);
    const limits = { bytesMax: 1e6, depthMax: 100, valuesMax: 1e5, stringMax: 1e5 };
    if (!scanJson(bytes, limits).ok) return;
    const members = membersAt(source, 0);
    const edits = members.flatMap((member, n) => {
      if (!picks.includes(n)) return [];
      return [{ start: member.valueStart, end: member.valueEnd, text: '"ß"' }];
    });
    const expected: Uint8Array[] = [];
    let at = 0;
    for (const edit of edits) {
      expected.push(bytes.subarray(byteOffset(source, at), byteOffset(source, edit.start)));
      expected.push(encoder.encode(edit.text));
      at = edit.end;
    }
    expected.push(bytes.subarray(byteOffset(source, at)));
    assert.deepEqual(Buffer.from(applyEdits(source, edits)), Buffer.concat(expected));
  });
  fc.assert(property, { numRuns: 500 });
});

function byteOffset(text: string, at: number): number {
  return Buffer.byteLength(text.slice(0, at));
}
