import { judgeFromServer, sessionKey } from './ask.ts';
import { discard } from './batch.ts';
import type { Downstream } from './downstream.ts';
import { sessionRequest } from './forward.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { isInForce } from './in-force.ts';
import { methodRecord } from './records.ts';
import { answerError, codes } from './reply.ts';
import { refuseStopped } from './refuse-stopped.ts';
import { stopOf } from './stopped.ts';
import { takeStreamPlace } from './stream-places.ts';
import { relayUnanswered, type Unanswered } from './unanswered.ts';

/** Until a server has surely seen that a connection was closed, in milliseconds. */
const closedMs = 50;

/** The legacy GET: a stream of what the server sends by itself, or the rest of a broken one. */
export async function openStream(
  gateway: Gateway,
  caller: Caller,
  downstream: Downstream,
): Promise<void> {
  const { grant } = caller;
  if (await isStopped(gateway, caller, 'GET', downstream)) return;
  if (!(await recorded(gateway, caller, 'GET', downstream))) return;
  if (!isInForce(gateway, caller)) return downstream.cut();
  const stream = { method: 'GET', id: null };
  if (!(await takeStreamPlace(gateway, caller, stream, downstream))) return;
  await letGoOfLost(gateway, caller);
  await exchange(gateway, caller, 'GET', downstream);
  gateway.live.removeStream(grant.id, downstream);
}

/** A client that resumes gets the rest from the server, which must not think the old stream open. */
async function letGoOfLost(gateway: Gateway, caller: Caller): Promise<void> {
  if (caller.passedHeaders['last-event-id'] === undefined || caller.session === null) return;
  if (gateway.live.letGo(sessionKey(caller)) === 0) return;
  await new Promise((resolve) => setTimeout(resolve, closedMs));
}

/** The legacy DELETE: ends the session at the server, and what is kept of it here. */
export async function endSession(
  gateway: Gateway,
  caller: Caller,
  downstream: Downstream,
): Promise<void> {
  if (await isStopped(gateway, caller, 'DELETE', downstream)) return;
  if (!(await recorded(gateway, caller, 'DELETE', downstream))) return;
  gateway.live.questions.forget(sessionKey(caller));
  await exchange(gateway, caller, 'DELETE', downstream);
}

/** Ends a session that nobody waits to hear the end of; never rejects. */
export async function endUnheard(gateway: Gateway, caller: Caller): Promise<void> {
  await endSession(gateway, caller, discard()).catch((reason: unknown) => {
    gateway.log.error('internal error', { detail: String(reason) });
  });
}

/** Relays what a server sends by itself, without a record or a place of its own. */
export function followStream(
  gateway: Gateway,
  caller: Caller,
  downstream: Downstream,
): Promise<void> {
  return exchange(gateway, caller, 'GET', eventsOnly(downstream));
}

/** What a server without such a stream says instead of one is no message to the client. */
function eventsOnly(downstream: Downstream): Downstream {
  return {
    answer: (status, headers) => downstream.answer(status, headers, null),
    open: (headers) => downstream.open(headers),
    event: (raw, data) => downstream.event(raw, data),
    close: () => downstream.close(),
    cut: () => downstream.cut(),
    ended: () => downstream.ended(),
    watch: (watcher) => downstream.watch(watcher),
  };
}

function exchange(
  gateway: Gateway,
  caller: Caller,
  method: 'GET' | 'DELETE',
  downstream: Downstream,
): Promise<void> {
  const unanswered: Unanswered = {
    request: sessionRequest(caller, method),
    era: 'legacy',
    judge: (answer, event) => judgeFromServer(gateway, caller, answer, event.raw),
  };
  return relayUnanswered(gateway, caller, unanswered, downstream);
}

async function isStopped(
  gateway: Gateway,
  caller: Caller,
  method: string,
  downstream: Downstream,
): Promise<boolean> {
  const stop = stopOf(gateway, caller);
  if (stop === null) return false;
  await refuseStopped(gateway, caller, { stop, method, id: null, status: 403 }, downstream);
  return true;
}

async function recorded(
  gateway: Gateway,
  caller: Caller,
  method: 'GET' | 'DELETE',
  downstream: Downstream,
): Promise<boolean> {
  const about = { method, direction: 'to-server', decision: 'allow', code: null } as const;
  const result = await gateway.audit.append(methodRecord(gateway, caller, about));
  if (result.ok) return true;
  answerError(downstream, 503, {
    id: null,
    code: codes.refused,
    message: 'records cannot be kept now',
  });
  return false;
}
