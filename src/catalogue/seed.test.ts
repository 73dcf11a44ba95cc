import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { reportOf } from './scan.ts';
import { readSeedLine, seedReading } from './seed.ts';

const lines = readFileSync(new URL('../../seed/catalogue.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '');

test('the seed holds servers of free packages, and the four systems of the demo', () => {
  const seeds = lines.map(readSeedLine);
  const packages = seeds.filter((seed) => seed.package !== null);
  assert.ok(packages.length >= 25, `${packages.length} packages`);
  for (const { name, licence, version, tools } of packages) {
    assert.match(licence, /^(?:MIT|Apache-2\.0)(?: AND (?:MIT|Apache-2\.0))?$/, name);
    assert.ok(version !== null && tools.length > 0, name);
  }
  const named = seeds.filter((seed) => seed.package === null).map(({ name }) => name);
  assert.deepEqual(named.toSorted(), ['calculator', 'callendar', 'orchard', 'qasperai']);
});

test('what the seed says of each tool is what the classifier says: else --reclassify it', () => {
  for (const line of lines) {
    const { observation } = seedReading(readSeedLine(line), 0);
    const { says } = JSON.parse(line);
    const found = reportOf(observation).tools.map(({ name, category, risk }) => [
      name,
      category,
      risk,
    ]);
    assert.deepEqual(
      found,
      says,
      `node scripts/seed-catalogue.ts --reclassify: ${observation.name}`,
    );
  }
});
