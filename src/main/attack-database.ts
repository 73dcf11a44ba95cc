import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Attack } from '../attacks/attack.ts';
import { lastRunFile, readLastRun } from '../attacks/last-run.ts';
import { loadAttacks } from '../attacks/load.ts';
import type { AttackDatabase } from '../control/attacks/database.ts';

/** The database that comes with the program, read once, and the last replay of a data folder. */
export function openAttackDatabase(dataDir: string): AttackDatabase {
  let attacks: Promise<readonly Attack[]> | null = null;
  return {
    attacks: () => {
      attacks ??= loadAttacks().then((loaded) => (loaded.ok ? loaded.value : []));
      return attacks;
    },
    lastRun: async () => {
      const text = await readFile(join(dataDir, lastRunFile), 'utf8').catch(() => null);
      return text === null ? null : readLastRun(text);
    },
  };
}
