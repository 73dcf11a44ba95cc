import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constantTimeEqual, newId } from './id.ts';

test('identifiers have their prefix, their form, and are all different', () => {
  const ids = new Set<string>();
  for (let n = 0; n < 20_000; n += 1) {
    const id = newId('dec_');
    assert.match(id, /^dec_[A-Za-z0-9_-]{22}$/);
    ids.add(id);
  }
  assert.equal(ids.size, 20_000);
  assert.match(newId(''), /^[A-Za-z0-9_-]{22}$/);
});

test('every character is about equally frequent in every place', () => {
  const rounds = 32_000;
  const counts = new Map<string, number>();
  for (let n = 0; n < rounds; n += 1) {
    for (const [place, c] of newId('').split('').entries()) {
      counts.set(`${place}${c}`, (counts.get(`${place}${c}`) ?? 0) + 1);
    }
  }
  assert.equal(counts.size, 22 * 64);
  // 500 are expected; 9 standard deviations are 200.
  for (const count of counts.values()) assert(count > 300 && count < 700, String(count));
});

test('bytes are equal where length and content are', () => {
  const cases: readonly [number[], number[], boolean][] = [
    [[], [], true],
    [[1], [1], true],
    [[1], [2], false],
    [[1, 2], [1], false],
    [[], [0], false],
    [[1, 2, 3], [1, 2, 131], false],
    [[131, 2], [3, 2], false],
    [[255, 255], [255, 255], true],
  ];
  for (const [a, b, equal] of cases) {
    assert.equal(
      constantTimeEqual(Uint8Array.from(a), Uint8Array.from(b)),
      equal,
      JSON.stringify([a, b]),
    );
  }
});
