import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { scopes } from '../policy/index.ts';
import { counterKey, counterOfKey, labelKey, labelOwner, type CounterName } from './key.ts';

const base: CounterName = {
  server: 'files',
  scope: 'grant',
  who: 'g',
  counter: 'calls',
  guardrail: null,
  observe: false,
};

// B-145.
const pairs: readonly (readonly [string, Partial<CounterName>, Partial<CounterName>])[] = [
  ['a colon moves', { who: 'a', counter: 'b:c' }, { who: 'a:b', counter: 'c' }],
  ['a length is forged', { who: '1:a', counter: 'b' }, { who: '1', counter: 'a1:b' }],
  ['who and counter swap', { who: 'a', counter: 'b' }, { who: 'b', counter: 'a' }],
  ['scope', { scope: 'grant' }, { scope: 'principal' }],
  ['observed', { observe: false }, { observe: true }],
  ['a guardrail', { guardrail: null }, { guardrail: 'x' }],
  ['servers', { server: 'a' }, { server: 'b' }],
];
for (const [name, left, right] of pairs) {
  test(`different keys: ${name}`, () => {
    assert.notEqual(counterKey({ ...base, ...left }), counterKey({ ...base, ...right }));
  });
}

test('a guardrail counts across servers, and by the counter, not the document', () => {
  assert.equal(
    counterKey({ ...base, guardrail: 'x', server: 'a' }),
    counterKey({ ...base, guardrail: 'y', server: 'b' }),
  );
});

test('no two names of policies give one key', () => {
  const part = fc.string({ unit: fc.constantFrom('a', ':', '1', '2'), maxLength: 4 });
  const name = fc.record({ server: part, who: part, counter: part });
  fc.assert(
    fc.property(name, name, (left, right) => {
      const same =
        left.server === right.server && left.who === right.who && left.counter === right.counter;
      const keys = counterKey({ ...base, ...left }) === counterKey({ ...base, ...right });
      assert.equal(keys, same);
    }),
    { numRuns: 2_000 },
  );
});

test('a key tells the counter that it was made of', () => {
  const part = fc.string({ unit: fc.constantFrom('a', ':', '1', 'é', ' '), maxLength: 4 });
  const name = fc.record({
    server: part,
    who: part,
    counter: part,
    observe: fc.boolean(),
    scope: fc.constantFrom(...scopes),
    guardrail: fc.constantFrom(null, 'x'),
  });
  fc.assert(
    fc.property(name, (made) => {
      const { guardrail, server, ...rest } = made;
      const isGuardrail = guardrail !== null;
      const expected = { ...rest, server: isGuardrail ? '' : server, isGuardrail };
      assert.deepEqual(counterOfKey(counterKey(made)), expected);
    }),
    { numRuns: 1_000 },
  );
});

const noCounters: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a label', labelKey(labelOwner('agent:a', false), 'pii')],
  ['a part is missing', '7:enforce6:policy5:files5:grant1:g'],
  ['a part too many', '7:enforce9:guardrail5:grant1:g1:c1:d'],
  ['no such scope', '7:enforce9:guardrail5:world1:g1:c'],
  ['no such mode', '7:another9:guardrail5:grant1:g1:c'],
  ['cut off', '7:enforce9:guardrail5:grant1:g9:c'],
];
for (const [name, key] of noCounters) {
  test(`no counter's key: ${name}`, () => assert.equal(counterOfKey(key), null));
}
