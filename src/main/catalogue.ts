import { readFile } from 'node:fs/promises';

import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import { noIdentity, type CatalogueStore } from '../catalogue/catalogue-store.ts';
import { readSeedLine, seedReading, type SeedServer } from '../catalogue/seed.ts';
import { slugOf } from '../catalogue/slug.ts';
import type { Discovery } from '../gateway/discover.ts';
import type { Upstream } from '../gateway/upstream/upstream.ts';
import type { Registry } from '../registry/registry.ts';
import type { ServerConfig } from '../registry/server.ts';
import { openCatalogue } from '../storage/catalogue/thread.ts';
import { attempt } from './attempt.ts';
import { systemClock } from './clock.ts';
import { makeFolder } from './folder.ts';
import { pinDiscovered } from './pins.ts';
import { catalogueUpstream, isCatalogue } from './registry-server.ts';
import { observationOf } from './scan.ts';

/** What seeding came to, in servers. */
export interface Seeded {
  readonly servers: number;
  /** Left as they are: they were read or imported here, which says more of them. */
  readonly known: number;
}

/** Takes in the servers that were scanned when this version was made. */
export async function seedCatalogue(store: CatalogueStore): Promise<Result<Seeded, string>> {
  const path = new URL('../../seed/catalogue.jsonl', import.meta.url);
  const text = await attempt(() => readFile(path, 'utf8'));
  if (!text.ok) return err(`the seed that comes with the program cannot be read: ${text.error}`);
  const seeds = text.value
    .split('\n')
    .filter((line) => line !== '')
    .map(readSeedLine);
  const unknown: SeedServer[] = [];
  for (const seed of seeds) {
    const here = await store.server(slugOf(seed.name));
    if (!here.ok) return here;
    if (here.value === null || here.value.source === 'seed') unknown.push(seed);
  }
  const atMs = systemClock.nowMs();
  const recorded = await store.record(unknown.map((seed) => seedReading(seed, atMs)));
  if (!recorded.ok) return recorded;
  for (;;) {
    const left = await store.feed();
    if (!left.ok) return left;
    if (left.value === 0) {
      return ok({ servers: unknown.length, known: seeds.length - unknown.length });
    }
  }
}

export { importFile } from './catalogue-import.ts';

/** Registered servers are read again after so long, whether they say that they changed or not. */
const rescanMs = 6 * 3_600_000;

/** The catalogue beside a running gateway. */
export interface RunningCatalogue {
  readonly store: CatalogueStore;
  /** Opens the catalogue's own server, and every other one as before. */
  readonly opens: (open: (config: ServerConfig) => Upstream) => (config: ServerConfig) => Upstream;
  /** Pins what a registered server listed, and takes it in; nobody waits for the latter. */
  readonly pin: (server: string, discovery: Discovery) => Promise<void>;
  close(): Promise<void>;
}

/** Starts the catalogue of a data folder; its thread starts with the first question. */
export function startCatalogue(parts: {
  readonly dataDir: string;
  readonly registry: Registry;
  readonly version: string;
  readonly log: Log;
  /** Has a registered server read again soon. */
  readonly rescan: (server: string) => void;
}): RunningCatalogue {
  const { dataDir, registry, version, log, rescan } = parts;
  const store = openCatalogue(dataDir);
  // A schedule for those that never say that they changed.
  const timer = setInterval(() => {
    for (const server of registry.current().servers.keys()) rescan(server);
  }, rescanMs);
  timer.unref();
  const record = async (config: ServerConfig, discovery: Discovery): Promise<void> => {
    const credentials = config.transport === 'http' && Object.keys(config.headers).length > 0;
    const observation = {
      ...observationOf(discovery, { config, credentials }, []),
      name: config.name,
    };
    const atMs = systemClock.nowMs();
    const recorded = await store.record([
      { observation, source: 'scan', identity: noIdentity, atMs },
    ]);
    if (!recorded.ok) {
      log.warn('a server was not taken into the catalogue', {
        server: config.name,
        detail: recorded.error,
      });
    }
  };
  return {
    store,
    opens: (open) => (config) =>
      isCatalogue(config) ? catalogueUpstream(store, version) : open(config),
    pin: (server, discovery) => {
      const config = registry.current().servers.get(server)?.config;
      if (config !== undefined && !isCatalogue(config)) void record(config, discovery);
      return pinDiscovered(registry, server, discovery, log);
    },
    close: () => {
      clearInterval(timer);
      return store.close();
    },
  };
}

/** The catalogue of a data folder, for a command: beside a running gateway or without one. */
export async function openDataCatalogue(dataDir: string): Promise<Result<CatalogueStore, string>> {
  const made = await makeFolder(dataDir, '--data');
  if (!made.ok) return made;
  const store = openCatalogue(dataDir);
  const ready = await store.status();
  if (ready.ok) return ok(store);
  await store.close();
  return err(`the catalogue in ${dataDir} cannot be opened: ${ready.error}`);
}
