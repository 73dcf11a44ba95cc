import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrincipal } from './principal.ts';

const good: readonly (readonly [string, string])[] = [
  ['agent:ci', 'agent'],
  ['person:anna@example.com', 'person'],
  ['service:nightly-2', 'service'],
];
for (const [text, kind] of good) {
  test(`${text} is a ${kind}`, () => {
    assert.deepEqual(parsePrincipal(text), { ok: true, value: { id: text, kind } });
  });
}

const bad: readonly (readonly [string, string])[] = [
  ['', 'no-colon'],
  ['ci', 'no-colon'],
  [':ci', 'kind'],
  ['Agent:ci', 'kind'],
  ['agent :ci', 'kind'],
  ['agent:', 'name'],
  ['agent:a b', 'name'],
  ['agent:ci\n', 'name'],
  ['agent:a:b', 'name'],
  ['agent:cі', 'name'],
  [`agent:${'a'.repeat(129)}`, 'name'],
];
for (const [text, problem] of bad) {
  test(`${JSON.stringify(text)} is refused for its ${problem}`, () => {
    assert.deepEqual(parsePrincipal(text), { ok: false, error: problem });
  });
}
