import { membersAt } from '../base/strict-json.ts';
import { idKey } from '../mcp/decode.ts';
import type { NotificationMessage, RequestMessage } from '../mcp/message.ts';
import { sessionKey } from './ask.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import type { Announce } from './live.ts';

/**
 * Legacy requests are cancelled by a message of their session (2025-11-25, cancellation). Without
 * a session an id names nothing: clients of one grant may use the same. `initialize` is never
 * cancelled.
 */
export function underWayIn(
  gateway: Gateway,
  caller: Caller,
  message: RequestMessage,
): Announce | null {
  if (message.era !== 'legacy' || caller.session === null) return null;
  if (message.method === 'initialize') return null;
  const session = sessionKey(caller);
  return (exchange) => gateway.live.begin(session, idKey(message.id), exchange);
}

/** Tells the exchange that a `notifications/cancelled` names that nobody waits for its answer. */
export function noteCancelled(
  gateway: Gateway,
  caller: Caller,
  message: NotificationMessage,
): void {
  if (message.method !== 'notifications/cancelled' || message.era !== 'legacy') return;
  if (caller.session === null || message.paramsSpan === null) return;
  const { text } = message.text;
  const named = membersAt(text, message.paramsSpan.start).find(({ key }) => key === 'requestId');
  if (named === undefined) return;
  const id = idKey(text.slice(named.valueStart, named.valueEnd));
  gateway.live.underWay(sessionKey(caller), id)?.cancelled();
}
