import { mirroredParams, type MirroredParam } from '../mcp/headers.ts';
import type { NotificationMessage, RequestMessage } from '../mcp/message.ts';
import { isVisible } from '../policy/index.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { documentsFor } from './list.ts';

/**
 * The arguments of a call that headers mirror: those of the tool that it names at this server, or
 * null where the tool's annotations break a rule, so that no header of the call can be checked.
 *
 * INVARIANT: a tool that the grant must not see has none, as one that does not exist: a header that
 * is missed would tell the two apart.
 */
export function paramsMirrored(
  gateway: Gateway,
  caller: Caller,
  message: RequestMessage | NotificationMessage,
): readonly MirroredParam[] | null | undefined {
  const name = message.method === 'tools/call' ? message.params?.['name'] : undefined;
  if (typeof name !== 'string') return undefined;
  const tool = gateway.snapshot().servers.get(caller.server)?.tools?.get(name);
  if (tool === undefined || !isVisible(documentsFor(gateway, caller), tool)) return undefined;
  return mirroredParams(tool.inputSchema);
}
