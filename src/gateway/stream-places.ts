import type { Caller } from './caller.ts';
import type { Downstream } from './downstream.ts';
import type { Gateway } from './gateway.ts';
import { methodRecord } from './records.ts';
import { answerError, codes } from './reply.ts';

/** Why a grant gets no other stream. */
export function tooManyStreams(gateway: Pick<Gateway, 'limits'>): string {
  const { streamsPerGrantMax } = gateway.limits;
  return `${streamsPerGrantMax} streams of this grant are open, as many as it may have; close one first`;
}

/**
 * Takes a place among the open streams of a grant, to be given back with `live.removeStream`.
 * Without one the client is told why, and that is on record.
 */
export async function takeStreamPlace(
  gateway: Gateway,
  caller: Caller,
  { method, id }: { readonly method: string; readonly id: string | null },
  downstream: Downstream,
): Promise<boolean> {
  const { live, limits, audit } = gateway;
  if (live.addStream(caller.grant.id, downstream, limits.streamsPerGrantMax)) return true;
  const about = { method, direction: 'to-server', decision: 'deny', code: 'streams' } as const;
  await audit.append(methodRecord(gateway, caller, about));
  answerError(downstream, 429, { id, code: codes.refused, message: tooManyStreams(gateway) });
  return false;
}
