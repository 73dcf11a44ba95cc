import assert from 'node:assert/strict';
import { test } from 'node:test';

import { slugOf } from './slug.ts';

test('a slug is a step of an address, the same for the same name and no other', () => {
  const names = [
    'create_note',
    'calendar.search',
    'a b',
    'a/b',
    'a-b',
    'A-b',
    '查询天气',
    '查询 天气',
    '',
    ' ',
    '.',
    '..',
    'café',
    '../../etc',
    'a%2fb',
    '😀',
    '-a',
    'x'.repeat(200),
    `${'x'.repeat(200)}y`,
  ];
  const slugs = names.map(slugOf);
  assert.equal(new Set(slugs).size, names.length);
  for (const slug of slugs) {
    assert.match(slug, /^[\p{L}\p{M}\p{N}_-][\p{L}\p{M}\p{N}_.~-]*$/u);
    assert.ok(Array.from(slug).length <= 90);
  }
  assert.deepEqual(slugs.slice(0, 2), ['create_note', 'calendar.search']);
  assert.equal(slugs[6], '查询天气');
});
