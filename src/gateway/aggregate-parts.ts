import { hash } from 'node:crypto';

import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';

/** The grant's servers that are registered, in the grant's order. */
export function serversOf(gateway: Gateway, caller: Caller): readonly string[] {
  const { servers } = gateway.snapshot();
  return caller.grant.servers.filter((server) => servers.has(server));
}

/** The caller as one server's own endpoint would see it, without a session. */
export function partOf(caller: Caller, server: string): Caller {
  return {
    ...caller,
    server,
    session: null,
    sessionUnknown: false,
    aggregateId: null,
    isPart: true,
  };
}

/** What aggregated names are shortened with. */
export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}
