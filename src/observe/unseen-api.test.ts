import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { apiNeeded, unseenApi } from './unseen-api.ts';

const provider = { getTracer: () => null, getMeter: () => null };

const cases: readonly (readonly [string, number, object, string | null])[] = [
  ['an older API', 1, { version: '1.9.0', trace: provider }, '1.9.0'],
  ['an older API, for metrics alone', 1, { version: '1.4.1', metrics: provider }, '1.4.1'],
  ['a newer major version', 2, { version: '2.0.0', trace: provider }, '2.0.0'],
  ['one that does not say its version', 1, { trace: provider }, 'unknown'],
  ['the same API', 1, { version: '1.10.0', trace: provider, metrics: provider }, null],
  ['a later API', 1, { version: '1.12.3', trace: provider }, null],
  ['an older API with a logger of its own alone', 1, { version: '1.9.0', diag: provider }, null],
];
for (const [name, major, registered, expected] of cases) {
  test(`what an SDK was registered with: ${name}`, (context) => {
    const key = Symbol.for(`opentelemetry.js.api.${major}`);
    Reflect.set(globalThis, key, registered);
    context.after(() => Reflect.deleteProperty(globalThis, key));
    assert.equal(unseenApi(), expected);
  });
}

test('no SDK at all', () => {
  assert.equal(unseenApi(), null);
});

test('what is asked for is what the installed API takes', () => {
  const manifest = new URL('../../node_modules/@opentelemetry/api/package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  assert.equal(version.split('.').slice(0, 2).join('.'), apiNeeded);
});
