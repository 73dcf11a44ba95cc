import { membersAt, stringValueOf } from '../base/strict-json.ts';
import type { Answer } from '../mcp/answer.ts';
import type { BridgeSession } from './bridge-sessions.ts';
import type { Gateway } from './gateway.ts';
import { inquire } from './inquire.ts';
import type { ExchangeOwner, Upstream } from './upstream/upstream.ts';

const initialize =
  '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"portcullis","version":"1"}}}';
const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** Opens a legacy session in which the client can do nothing but call tools; null when it fails. */
export async function openBridgeSession(
  gateway: Pick<Gateway, 'limits' | 'log'>,
  owner: ExchangeOwner,
  upstream: Upstream,
  asked: (method: string) => void,
): Promise<BridgeSession | null> {
  const { answerTimeoutMs: timeoutMs, answerBytesMax } = gateway.limits;
  // The session takes a place at its server: the grant's own, not one of the gateway's.
  const base = { upstream, era: 'legacy', timeoutMs, answerBytesMax, owner, asked } as const;
  const opened = await inquire({
    ...base,
    method: 'initialize',
    id: '1',
    body: initialize,
    sessionId: null,
    protocolVersion: null,
  });
  const answer = opened.ok ? opened.value.answer : null;
  if (!opened.ok || answer === null || answer.resultSpan === null) {
    gateway.log.warn('a server opened no session for the endpoint of all servers', {
      server: owner.server,
    });
    return null;
  }
  const upstreamId = opened.value.headers['mcp-session-id'] ?? null;
  const version = versionIn(answer);
  await inquire({
    ...base,
    method: 'notifications/initialized',
    id: null,
    body: initialized,
    sessionId: upstreamId,
    protocolVersion: version,
  });
  return {
    upstream,
    upstreamId,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(version === null ? {} : { 'mcp-protocol-version': version }),
      ...(upstreamId === null ? {} : { 'mcp-session-id': upstreamId }),
    },
  };
}

function versionIn({ text, resultSpan }: Answer): string | null {
  if (resultSpan === null || text[resultSpan.start] !== '{') return null;
  const member = membersAt(text, resultSpan.start).find(({ key }) => key === 'protocolVersion');
  return member === undefined
    ? null
    : stringValueOf(text.slice(member.valueStart, member.valueEnd));
}
