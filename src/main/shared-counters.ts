import { hostname } from 'node:os';
import { setImmediate } from 'node:timers/promises';

import type { Log } from '../base/log.ts';
import type { CountersView } from '../control/limit-stands.ts';
import type { Counters } from '../counters/counters.ts';
import type { CountersInUse, Look } from '../counters/in-use.ts';
import { counterKey, counterOfKey } from '../counters/key.ts';
import type { MemoryCounters } from '../counters/memory-counters.ts';

/** The counters that calls are counted in, and how to let go of them. */
export interface OpenedCounters {
  readonly counters: Counters;
  /** The same for pages that show how much of a limit is used. */
  readonly view: CountersView;
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
  if (url === undefined || url === '') {
    const view = countersView(own, false);
    return { counters: own, view, close: () => Promise.resolve() };
  }
  const { openValkeyCounters } = await import('../storage/valkey/open.ts');
  const counters = openValkeyCounters({ url, own, log, gatewayId: `${hostname()} ${dataDir}` });
  return { counters, view: countersView(counters, true), close: () => counters.close() };
}

/** What pages may see of counters. */
export function countersView(counters: CountersInUse, shared: boolean): CountersView {
  return {
    shared,
    sessions: function* () {
      for (const key of counters.keys()) {
        const held = counterOfKey(key);
        if (held?.scope === 'session') yield held;
      }
    },
    used: async (asked) => {
      // Calls go first: this is one of several questions in a row.
      await setImmediate();
      const looks = asked.map(({ windowMs, align, ...name }): Look => {
        return { key: counterKey(name), windowMs, align };
      });
      return counters.used(looks);
    },
  };
}
