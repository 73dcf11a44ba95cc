import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createSeal } from './seal.ts';

const seal = createSeal(Buffer.alloc(32, 1), 'servers');
const closed = seal.close('{"authorization":"Bearer s3cret"}', 'files');

test('what was sealed opens, and does not show', () => {
  assert.equal(seal.open(closed, 'files'), '{"authorization":"Bearer s3cret"}');
  assert.equal(Buffer.from(closed, 'base64url').includes('s3cret'), false);
  assert.notEqual(seal.close('a', 'files'), seal.close('a', 'files'));
});

const changed = Buffer.from(closed, 'base64url');
changed[14] = (changed[14] ?? 0) ^ 1;
const refused: readonly (readonly [string, string | null])[] = [
  ['another subject', seal.open(closed, 'mail')],
  ['another key', createSeal(Buffer.alloc(32, 2), 'servers').open(closed, 'files')],
  ['another purpose', createSeal(Buffer.alloc(32, 1), 'other').open(closed, 'files')],
  ['a changed byte', seal.open(changed.toString('base64url'), 'files')],
  ['a cut end', seal.open(closed.slice(0, -4), 'files')],
  ['nothing', seal.open('', 'files')],
];
for (const [what, opened] of refused) {
  test(`${what} opens nothing`, () => assert.equal(opened, null));
}
