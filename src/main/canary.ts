import { randomUUID } from 'node:crypto';

import type { AuditFiles } from '../audit/audit-files.ts';
import { silentLog } from '../base/log.ts';
import { inquire } from '../gateway/inquire.ts';
import { openUpstream } from '../gateway/upstream/open.ts';
import type { ServerConfig } from '../registry/server.ts';
import { systemClock } from './clock.ts';

/** What came of a call that no policy can have allowed. `denied` means that the refusal is on record. */
export type CanaryOutcome =
  | { readonly kind: 'denied' }
  /** The call was answered, and no record says that the gateway refused it. */
  | { readonly kind: 'not-denied'; readonly said: string }
  | { readonly kind: 'failed'; readonly why: string };

const timeoutMs = 30_000;
const recordsRead = 200;
const answerBytesMax = 1_048_576;

/**
 * Connects as a client would, calls a tool of a name that nobody has, and looks for the refusal in
 * the gateway's own log. The name is made up for this one call, so nothing can be run by it.
 */
export async function sendCanary(
  config: ServerConfig,
  environment: Readonly<Record<string, string | undefined>>,
  records: AuditFiles,
): Promise<CanaryOutcome> {
  const upstream = openUpstream(config, {
    clock: systemClock,
    log: silentLog,
    environment,
    stdioLimits: { graceMs: 500 },
  });
  const ask = (id: number, method: string, params: object, sessionId: string | null) =>
    inquire({
      upstream,
      era: 'legacy',
      method,
      id: String(id),
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      sessionId,
      protocolVersion: sessionId === null ? null : '2025-11-25',
      timeoutMs,
      answerBytesMax,
    });
  const clientInfo = { name: 'portcullis-doctor', version: '1' };
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const opened = await ask(1, 'initialize', hello, null);
  const session = opened.ok ? (opened.value.headers['mcp-session-id'] ?? null) : null;
  const name = `canary-${randomUUID()}`;
  const called = opened.ok ? await ask(2, 'tools/call', { name, arguments: {} }, session) : opened;
  await upstream.close();
  if (!called.ok) return { kind: 'failed', why: called.error };
  const text = called.value.answer?.text ?? '';
  const kept = await records.tail(recordsRead);
  if (!kept.ok) return { kind: 'failed', why: `its log cannot be read (${kept.error.code})` };
  const own = kept.value
    .map(({ body }) => body)
    .filter((body) => 'tool' in body && body.tool === name);
  const refused = own.some((body) => body.kind === 'refusal' && body.enforcement === 'refused');
  if (refused && own.every((body) => body.kind === 'refusal')) return { kind: 'denied' };
  return { kind: 'not-denied', said: text.slice(0, 200) };
}
