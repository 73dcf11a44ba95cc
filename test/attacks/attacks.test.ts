import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { loadAttacks } from '../../src/attacks/load.ts';
import { replay } from '../../src/attacks/replay.ts';
import { scoreboard, type Scored } from '../../src/attacks/scoreboard.ts';
import { openAttackStage } from '../../src/main/attack-stage.ts';

const loaded = await loadAttacks();
assert.ok(loaded.ok, loaded.ok ? '' : loaded.error.join('\n'));
const attacks = loaded.value;
const scored = new Map<string, Scored>();
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-attacks-'));
});
after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

test('the database has its entries, each once', () => {
  const ids = attacks.map(({ facts }) => facts.id);
  const wanted = Array.from({ length: 44 }, (_, at) => `A${String(at + 1).padStart(2, '0')}`);
  assert.deepEqual(ids, wanted);
});

describe('every entry is a proof', { concurrency: 2 }, () => {
  for (const attack of attacks) {
    test(`${attack.facts.id} ${attack.slug}`, async () => {
      const result = await replay(attack, { openStage: openAttackStage, folder });
      scored.set(attack.slug, { attack, replay: result });
      assert.deepEqual(result.faults, []);
    });
  }
});

test('the scoreboard is the one that is kept', async () => {
  const kept = await readFile(new URL('../../spec/golden/attacks.txt', import.meta.url), 'utf8');
  const lines = scoreboard(attacks.flatMap(({ slug }) => scored.get(slug) ?? []));
  assert.equal(kept, `${lines.join('\n')}\n`, 'run `npm run attacks` and look at the difference');
});
