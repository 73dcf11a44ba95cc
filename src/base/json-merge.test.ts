import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mergedJson } from './json-merge.ts';
import type { JsonObject } from './strict-json.ts';

/** Into, from, and what comes of it. */
const cases: readonly (readonly [JsonObject, JsonObject, JsonObject])[] = [
  [{}, { a: 1 }, { a: 1 }],
  [{ a: 1 }, { a: 2 }, { a: 2 }],
  [{ a: { b: 1 } }, { a: { c: 2 } }, { a: { b: 1, c: 2 } }],
  [{ a: [1, { x: 1 }] }, { a: [{ x: 1 }, 2] }, { a: [1, { x: 1 }, 2] }],
  [{ a: [1] }, { a: 'text' }, { a: 'text' }],
  [
    { arguments: { type: 'object', required: ['a'] } },
    { arguments: { type: 'string' } },
    { arguments: { type: 'string' } },
  ],
  [{}, { toString: { a: 1 } }, { toString: { a: 1 } }],
];

test('a fragment is merged into a document', () => {
  for (const [into, from, expected] of cases) {
    const before = JSON.stringify(into);
    assert.deepEqual(mergedJson(into, from), expected);
    assert.equal(JSON.stringify(into), before, 'what it was merged into is as it was');
  }
});
