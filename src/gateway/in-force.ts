import { grantInForce } from '../identity/authenticate.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { stopOf } from './stopped.ts';

/**
 * Whether a caller's grant opens its endpoint at this moment, and no operator has stopped it. What
 * was awaited since it was asked last (a record, a list of tools) may have outlived it, and whoever
 * cuts the streams of grants that end, or ends what is stopped, finds only what is open by then.
 */
export function isInForce(gateway: Gateway, caller: Caller): boolean {
  const { grant, server } = caller;
  if (stopOf(gateway, caller) !== null) return false;
  const { grantsByToken } = gateway.snapshot();
  const now = grantInForce(grantsByToken, grant.tokenSha256, gateway.latestMs());
  if (!now.ok || now.value.id !== grant.id) return false;
  return server === '' || now.value.servers.includes(server);
}
