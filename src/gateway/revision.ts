import type { JsonValue } from '../base/strict-json.ts';
import { rpcCode } from '../mcp/encode.ts';
import type { Message } from '../mcp/message.ts';
import type { Caller } from './caller.ts';
import { legacyVersions, modernVersion } from './session.ts';

/** Why a message's revision, or its session, is refused. */
export interface RevisionFault {
  readonly status: number;
  readonly code: number;
  /** What the record says. */
  readonly reason: string;
  readonly message: string;
  readonly data: JsonValue | null;
}

/** What a legacy message may not come with. The body decides the era; the header must agree. */
export function legacyFault(caller: Caller): RevisionFault | null {
  const data = null;
  if (caller.sessionUnknown) {
    return { status: 404, code: -32001, reason: 'session', message: 'Session not found', data };
  }
  const version = caller.protocolVersion;
  if (version === null || legacyVersions.some((known) => known === version)) return null;
  if (version === modernVersion) {
    const message = 'params._meta lacks io.modelcontextprotocol/protocolVersion';
    return { status: 400, code: rpcCode.invalidParams, reason: 'meta-missing', message, data };
  }
  const message = 'Unsupported protocol version';
  return { status: 400, code: rpcCode.invalidRequest, reason: 'version', message, data };
}

/** A modern message of a revision whose rules nobody here knows (2026-07-28, versioning). */
export function modernFault(message: Message): RevisionFault | null {
  const requested = message.protocolVersion;
  if (requested === null || requested === modernVersion) return null;
  return {
    status: 400,
    code: rpcCode.unsupportedProtocolVersion,
    reason: 'version',
    message: 'Unsupported protocol version',
    data: { supported: [modernVersion], requested: requested.slice(0, 64) },
  };
}
