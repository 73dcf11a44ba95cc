import type { AggregateSession } from './aggregate-state.ts';
import { batchParts } from './batch.ts';
import type { Caller } from './caller.ts';
import { eventHeaders, type Downstream } from './downstream.ts';
import { isInForce } from './in-force.ts';
import type { Gateway } from './gateway.ts';
import { recordForwarded } from './receive.ts';
import { endUnheard, followStream } from './stream.ts';
import { takeStreamPlace } from './stream-places.ts';

/** The legacy GET on the endpoint of all servers: what each of them sends by itself, on one stream. */
export async function openAggregateStream(
  gateway: Gateway,
  caller: Caller,
  session: AggregateSession,
  downstream: Downstream,
): Promise<void> {
  if (!(await recordForwarded(gateway, caller, 'GET', downstream, null))) return;
  const { id: grantId } = caller.grant;
  if (!isInForce(gateway, caller)) return downstream.cut();
  const stream = { method: 'GET', id: null };
  if (!(await takeStreamPlace(gateway, caller, stream, downstream))) return;
  const gone = Promise.withResolvers<void>();
  const parts = [...session.parts.values()].filter((part) => part.session !== null);
  downstream.open(eventHeaders);
  const shares = batchParts(downstream, parts, gone.resolve);
  // A server that has no such stream, or ends it, does not end those of the others.
  void Promise.allSettled(
    shares.map(([part, share]) =>
      followStream(gateway, { ...part, passedHeaders: {} }, share).catch((reason: unknown) => {
        gateway.log.error('internal error', { detail: String(reason) });
      }),
    ),
  );
  await gone.promise;
  gateway.live.removeStream(grantId, downstream);
}

/** The legacy DELETE: ends the session with every server that has one. */
export async function endAggregate(
  gateway: Gateway,
  caller: Caller,
  session: AggregateSession,
  downstream: Downstream,
): Promise<void> {
  if (!(await recordForwarded(gateway, caller, 'DELETE', downstream, null))) return;
  gateway.live.aggregates.end(session.id);
  await endParts(gateway, session);
  downstream.answer(204, {}, null);
}

/** Ends what a session over all servers has with each of them. */
export async function endParts(
  gateway: Gateway,
  { parts }: Pick<AggregateSession, 'parts'>,
): Promise<void> {
  const open = [...parts.values()].filter((part) => part.session !== null);
  await Promise.all(open.map((part) => endUnheard(gateway, part)));
}
