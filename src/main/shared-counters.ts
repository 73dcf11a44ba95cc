import { hostname } from 'node:os';

import type { Log } from '../base/log.ts';
import type { Counters } from '../counters/counters.ts';
import type { MemoryCounters } from '../counters/memory-counters.ts';

/** The counters that calls are counted in, and how to let go of them. */
export interface OpenedCounters {
  readonly counters: Counters;
  readonly close: () => Promise<void>;
}

/**
 * The counters in the store that `VALKEY_URL` names, shared with every gateway that names it too;
 * without one, this process's own.
 */
export async function openCounters(
  own: MemoryCounters,
  {
    environment,
    dataDir,
    log,
  }: {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly dataDir: string;
    readonly log: Log;
  },
): Promise<OpenedCounters> {
  const url = environment['VALKEY_URL'];
  if (url === undefined || url === '') return { counters: own, close: () => Promise.resolve() };
  const { openValkeyCounters } = await import('../storage/valkey/open.ts');
  const counters = openValkeyCounters({ url, own, log, gatewayId: `${hostname()} ${dataDir}` });
  return { counters, close: () => counters.close() };
}
