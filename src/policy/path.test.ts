import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePath } from './path.ts';

const texts: readonly (readonly [string, boolean])[] = [
  ['args["a b"]', true],
  [String.raw`args["\u0061\n\"\\\/"]`, true],
  [String.raw`args["\x61"]`, false],
  [String.raw`args["\u12"]`, false],
  [String.raw`args["\ud800"]`, false],
  ['args["a\tb"]', false],
  ['args["a\u0085b"]', false],
  ["args['a']", false],
  ['args["a"', false],
  ['args[-1]', false],
  ['args[01]', false],
  ['args[*][0].a', true],
];

for (const [text, isPath] of texts) {
  test(`${JSON.stringify(text)} is ${isPath ? 'a' : 'no'} path`, () => {
    assert.equal(parsePath(text).ok, isPath);
  });
}
