import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Attack } from '../attacks/attack.ts';
import { replay } from '../attacks/replay.ts';
import type { Scored } from '../attacks/scoreboard.ts';
import { openAttackStage } from './attack-stage.ts';

/** Two at a time: most of an entry's time is spent waiting for its own gateway. */
const concurrency = 2;

/**
 * Replays entries against this gateway, each in a folder of its own that is gone afterwards.
 * Nothing but the loopback interface is reached. `onDone` is told as each one ends.
 */
export async function replayAll(
  attacks: readonly Attack[],
  onDone: (one: Scored) => void = () => undefined,
): Promise<readonly Scored[]> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-attacks-'));
  const waiting = [...attacks];
  const done = new Map<string, Scored>();
  const work = async (): Promise<void> => {
    for (let attack = waiting.shift(); attack !== undefined; attack = waiting.shift()) {
      const one = { attack, replay: await replay(attack, { openStage: openAttackStage, folder }) };
      done.set(attack.slug, one);
      onDone(one);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, work));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  return attacks.flatMap((attack) => done.get(attack.slug) ?? []);
}
