import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluate } from './arithmetic.ts';

/** expression, value or the beginning of the problem. */
const cases: readonly (readonly [string, number | string])[] = [
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['2 ^ 3 ^ 2', 512],
  ['-2 ^ 2', -4],
  ['2 ^ -1', 0.5],
  ['10 % 4', 2],
  ['1.5e2', 150],
  ['sqrt(16) + abs(-2)', 6],
  ['max(1, 2, 3) - min(4, 5)', -1],
  ['round(pi)', 3],
  ['7 / 2', 3.5],
  ['1 / 0', 'division by zero'],
  ['', 'the expression is empty'],
  ['1 +', 'the expression ends too early'],
  ['(1', 'a `)` is missing'],
  ['1 2', 'unexpected `2`'],
  ['x + 1', 'unknown name `x`'],
  ['constructor', 'unknown name `constructor`'],
  ['toString()', 'unexpected `)`'],
  ['process.exit(1)', 'cannot read `.exit'],
  ['9 ^ 9 ^ 9', 'the result is not a finite number'],
  ['('.repeat(500), 'the expression is nested too deeply'],
  ['-'.repeat(500), 'the expression is nested too deeply'],
];

test('expressions', () => {
  for (const [expression, wanted] of cases) {
    const result = evaluate(expression);
    if (typeof wanted === 'number')
      assert.deepEqual(result, { ok: true, value: wanted }, expression);
    else
      assert.ok(
        !result.ok && result.error.startsWith(wanted),
        `${expression}: ${String(result.ok)}`,
      );
  }
});

test('whatever the text, there is an answer', () => {
  const characters = fc.constantFrom(...'0123456789.+-*/^%(), abepi'.split(''));
  fc.assert(
    fc.property(fc.array(characters, { maxLength: 60 }), (parts) => {
      const result = evaluate(parts.join(''));
      assert.ok(!result.ok || Number.isFinite(result.value));
    }),
    { numRuns: 500 },
  );
});
