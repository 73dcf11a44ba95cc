import { Redis } from 'iovalkey';

import type { Log } from '../../base/log.ts';
import type { MemoryCounters } from '../../counters/memory-counters.ts';
import { ValkeyCounters } from './valkey-counters.ts';

/** Where the shared store is, and what it is opened with. */
export interface ValkeyOptions {
  /** `valkey://`, `redis://`, or either with TLS: `valkeys://`, `rediss://`. */
  readonly url: string;
  readonly own: MemoryCounters;
  readonly gatewayId: string;
  readonly log: Log;
  readonly deadlineMs?: number;
  readonly leaseMs?: number;
}

/** Opens the counters in a shared store. It need not be there yet: until it is, they refuse. */
export function openValkeyCounters({ url, ...rest }: ValkeyOptions): ValkeyCounters {
  const client = new Redis(url.replace(/^valkey/, 'redis'), {
    connectTimeout: 2_000,
    // Nothing is sent twice: what was on its way when a connection broke is refused.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    retryStrategy: (times: number) => Math.min(50 * times, 1_000),
  });
  return new ValkeyCounters({ ...rest, client });
}
