import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Attack } from '../attacks/attack.ts';
import { textOf } from '../attacks/json.ts';
import { replay } from '../attacks/replay.ts';
import { fixtures } from '../attacks/servers/all.ts';
import type { Scored } from '../attacks/scoreboard.ts';
import type { JsonObject } from '../base/strict-json.ts';
import { classifyTool } from '../classify/classify.ts';
import type { PinnedTool } from '../policy/index.ts';
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

const nobody = {
  session: null,
  client: '',
  headers: {},
  ask: () => Promise.reject(new Error('nobody is here to be asked')),
};

/** The tools of the database's own servers, classified: what a policy is tried on without others. */
export async function databaseTools(): Promise<readonly PinnedTool[]> {
  const sandbox = await mkdtemp(join(tmpdir(), 'portcullis-tools-'));
  const tools = new Map<string, PinnedTool>();
  try {
    for (const make of Object.values(fixtures)) {
      const fixture = await make({ options: {}, note: () => undefined, sandbox });
      for (const tool of fixture.tools(nobody)) tools.set(textOf(tool, 'name'), pinned(tool));
      await fixture.close?.();
    }
  } finally {
    await rm(sandbox, { recursive: true, force: true, maxRetries: 3 });
  }
  return [...tools.values()];
}

function pinned(tool: JsonObject): PinnedTool {
  const name = textOf(tool, 'name');
  const found = classifyTool({ ...tool, name }, { name: '', toolNames: [name] });
  const inputSchema = tool['inputSchema'] ?? null;
  const { category, raisedRisk: risk } = found;
  return { name, state: 'pinned', category, risk, inputSchema, digest: '0'.repeat(64) };
}
