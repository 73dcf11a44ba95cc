import { grantInForce } from '../identity/authenticate.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';

/**
 * Whether a caller's grant opens its endpoint at this moment. What was awaited since it was asked
 * last (a record, a list of tools) may have outlived it, and whoever cuts the streams of grants that
 * end finds only those that are open by then.
 */
export function isInForce(gateway: Gateway, { grant, server }: Caller): boolean {
  const { grantsByToken } = gateway.snapshot();
  const now = grantInForce(grantsByToken, grant.tokenSha256, gateway.latestMs());
  if (!now.ok || now.value.id !== grant.id) return false;
  return server === '' || now.value.servers.includes(server);
}
