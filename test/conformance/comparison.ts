import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { startEverythingServer } from '../fixtures/everything/server.ts';
import { startDataPath } from '../support/data-path.ts';
import { countOf, lossesBetween, readTally, type Loss, type Tally } from './checks.ts';
import { startForwarder } from './forwarder.ts';
import { clientScenarios, runSuite, type Revision } from './suite.ts';

/** One run of the suite without the gateway, and the same run with it. */
export interface Comparison {
  /** `server`: the suite is the client. `client`: the suite is the server. */
  readonly mode: 'server' | 'client';
  readonly revision: Revision;
  readonly direct: Tally;
  readonly through: Tally;
  readonly losses: readonly Loss[];
  /** Where the results through the gateway are. */
  readonly folder: string;
  /** Calls that the gateway put on record; null where each scenario has a gateway of its own. */
  readonly recorded: number | null;
}

/** Says what is being done, one line at a time. */
export type Progress = (line: string) => void;

const serverModeMs = 60_000;
const scenarioMs = 25_000;
const scenariosAtOnce = 3;
/** Every tool may be called, as often as the suite wants: what is measured is the relay. */
const openPolicy = { version: '1', default: 'allow' };

/** The suite as client, before the fixture server and before the gateway in front of it. */
export async function compareServerMode(
  revision: Revision,
  folder: string,
  say: Progress,
): Promise<Comparison> {
  const fixture = await startEverythingServer();
  const config = {
    name: 'everything',
    transport: 'http',
    url: fixture.url,
    headers: {},
    allowPrivate: true,
  } as const;
  const dataPath = await startDataPath({ servers: [config], policies: { everything: openPolicy } });
  const forwarder = await startForwarder(new URL(dataPath.url), dataPath.token);
  const closeAll = async (): Promise<void> => {
    await forwarder.close();
    await dataPath.close();
    await fixture.close();
  };
  const run = async (name: string, url: string): Promise<Tally> => {
    const out = path.join(folder, name);
    say(`server mode, ${revision}, ${name}`);
    const ended = await runSuite(
      ['server', '--url', url, '--requirements', revision, '-o', out],
      serverModeMs,
    );
    if (ended.exitCode === null)
      throw new Error(`the suite did not end in ${serverModeMs} ms:\n${ended.output}`);
    return readTally(out);
  };
  try {
    const direct = await run('direct', fixture.url);
    const through = await run('through', `${forwarder.origin}/s/everything/mcp`);
    const recorded = dataPath.records.filter((record) => record.kind === 'intent').length;
    const results = path.join(folder, 'through');
    return compared({ mode: 'server', revision, direct, through, folder: results, recorded });
  } finally {
    await closeAll();
  }
}

/** The suite as server of each scenario, before a client of the SDK and before gateway and client. */
export async function compareClientMode(
  revision: Revision,
  folder: string,
  say: Progress,
): Promise<Comparison> {
  const scenarios = await clientScenarios(revision);
  const command = fileURLToPath(new URL('scenario-client.ts', import.meta.url));
  const run = async (name: 'direct' | 'through'): Promise<Tally> => {
    const out = path.join(folder, name);
    mkdirSync(out, { recursive: true });
    say(`client mode, ${revision}, ${name}: ${scenarios.length} scenarios`);
    const waiting = [...scenarios];
    const next = async (): Promise<void> => {
      for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
        const shell = [process.execPath, command, name]
          .map((word) => JSON.stringify(word))
          .join(' ');
        const args = [
          'client',
          '--command',
          shell,
          '--scenario',
          scenario,
          '--spec-version',
          revision,
          '-o',
          out,
        ];
        await runSuite([...args, '--timeout', String(scenarioMs)], 2 * scenarioMs);
      }
    };
    await Promise.all(Array.from({ length: scenariosAtOnce }, next));
    return readTally(out);
  };
  const direct = await run('direct');
  const through = await run('through');
  return compared({
    mode: 'client',
    revision,
    direct,
    through,
    folder: path.join(folder, 'through'),
    recorded: null,
  });
}

function compared(runs: Omit<Comparison, 'losses'>): Comparison {
  if (countOf(runs.direct).succeeded === 0)
    throw new Error('the run without the gateway saw no success');
  return { ...runs, losses: lossesBetween(runs.direct, runs.through) };
}
