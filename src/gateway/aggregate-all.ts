import { membersAt, stringValueOf } from '../base/strict-json.ts';
import type { Answer } from '../mcp/answer.ts';
import { resultResponse } from '../mcp/encode.ts';
import type { RequestMessage } from '../mcp/message.ts';
import { aggregatedName } from '../mcp/tool.ts';
import { toolsMax } from '../registry/pin.ts';
import { partOf, serversOf, sha256Hex } from './aggregate-parts.ts';
import { refusedFromServer } from './ask.ts';
import { endParts } from './aggregate-stream.ts';
import { jsonHeaders, type Downstream } from './downstream.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { abilityOf } from './client-ability.ts';
import { inquire, type Inquired } from './inquire.ts';
import { comparePins, isUnambiguous, readAnsweredTools, visibilityFor } from './list.ts';
import { recordForwarded } from './receive.ts';
import { answerError, codes } from './reply.ts';
import { legacyVersions, sealSession } from './session.ts';

/** Opens a session with every server of the grant; those that fail are left out, and logged. */
export async function initializeAll(
  gateway: Gateway,
  caller: Caller,
  message: RequestMessage,
  downstream: Downstream,
): Promise<void> {
  if (!(await recordForwarded(gateway, caller, message.method, downstream, message.id))) return;
  const servers = serversOf(gateway, caller);
  const opened = await Promise.all(
    servers.map((server) => initializeOne(gateway, caller, server, message)),
  );
  const parts = opened.filter((part) => part !== null);
  if (parts.length === 0) {
    return answerError(downstream, 200, {
      id: message.id,
      code: codes.upstream,
      message: 'no server of this grant could be reached',
    });
  }
  const versions = parts.map((part) => part.version).toSorted();
  const protocolVersion = versions[0] ?? legacyVersions[0];
  const session = gateway.live.aggregates.open(
    {
      grantId: caller.grant.id,
      protocolVersion,
      parts: new Map(parts.map((part) => [part.caller.server, part.caller])),
    },
    {
      nowMs: gateway.clock.monotonicMs(),
      perGrantMax: gateway.limits.sessionsPerGrantMax,
      end: (old) => endParts(gateway, old),
    },
  );
  // Nobody is there any more to learn its id: nobody could use it, or end it.
  if (downstream.ended()) {
    gateway.live.aggregates.end(session.id);
    return endParts(gateway, session);
  }
  const instructions = parts.map((part) => part.instructions).filter((text) => text !== null);
  const result = {
    protocolVersion,
    capabilities: { tools: { listChanged: true }, logging: {} },
    serverInfo: { name: 'portcullis', version: '1' },
    ...(instructions.length === 0 ? {} : { instructions: instructions.join('\n\n') }),
  };
  const headers = { ...jsonHeaders, 'mcp-session-id': session.id };
  downstream.answer(200, headers, resultResponse(message.id, JSON.stringify(result)));
}

interface OpenedPart {
  readonly caller: Caller;
  readonly version: string;
  readonly instructions: string | null;
}

async function initializeOne(
  gateway: Gateway,
  caller: Caller,
  server: string,
  message: RequestMessage,
): Promise<OpenedPart | null> {
  const first = { cursor: null, untilMs: amongAllUntilMs(gateway) };
  const answered = await put(gateway, partOf(caller, server), message, first);
  const answer = answered?.answer ?? null;
  if (answered === null || answer === null || answer.resultSpan === null) {
    gateway.log.warn('a server was left out of a session', { server });
    return null;
  }
  const version = textMember(answer, 'protocolVersion') ?? '2025-03-26';
  const upstreamId = answered.headers['mcp-session-id'];
  const owner = { grantId: caller.grant.id, server };
  const session =
    upstreamId === undefined
      ? null
      : sealSession(gateway.installationKey, owner, { id: upstreamId, protocolVersion: version });
  if (session !== null) {
    const ability = abilityOf(message.params?.['capabilities']);
    gateway.live.declareAbility(session.seal, ability);
  }
  const part = { ...partOf(caller, server), session, protocolVersion: version };
  return { caller: part, version, instructions: textMember(answer, 'instructions') };
}

/** One list of the tools of every server, each filtered for the grant and renamed; no cursor. */
export async function listAll(
  gateway: Gateway,
  caller: Caller,
  {
    message,
    parts,
  }: { readonly message: RequestMessage; readonly parts: ReadonlyMap<string, Caller> },
  downstream: Downstream,
): Promise<void> {
  if (!(await recordForwarded(gateway, caller, message.method, downstream, message.id))) return;
  const lists = await Promise.all(
    [...parts.values()].map((part) => listOne(gateway, part, message)),
  );
  const tools = lists.flat();
  const modern = message.era === 'modern';
  const head = modern ? '"resultType":"complete",' : '';
  const tail = modern ? `,"ttlMs":${gateway.limits.listTtlMs},"cacheScope":"private"` : '';
  const result = `{${head}"tools":[${tools.join(',')}]${tail}}`;
  downstream.answer(200, jsonHeaders, resultResponse(message.id, result));
}

const pagesMax = 100;

/** The texts of one server's tools as the grant may see them; a server that fails shows none. */
async function listOne(
  gateway: Gateway,
  part: Caller,
  message: RequestMessage,
): Promise<readonly string[]> {
  const ready = await gateway.toolsReady(part.server, 'all');
  // Nothing of a list that was never read could be shown: it is not waited for once more.
  if (!ready && (gateway.snapshot().servers.get(part.server)?.tools ?? null) === null) return [];
  const shown: string[] = [];
  let cursor: string | null = null;
  const untilMs = amongAllUntilMs(gateway);
  for (let page = 0; page < pagesMax; page += 1) {
    const answered = await put(gateway, part, message, { cursor, untilMs });
    const list = await readAnsweredTools(answered?.answer ?? { text: '' });
    if (!list.ok || list.value.tools.length + shown.length > toolsMax) {
      gateway.log.warn('a server was left out of a list', { server: part.server });
      return shown;
    }
    await comparePins(gateway, part.server, list.value);
    const visible = visibilityFor(gateway, part);
    for (const tool of list.value.tools) {
      const answer = visible(list.value, tool);
      if (answer === 'changed') gateway.toolsChanged(part.server);
      if (answer !== 'shown' || !isUnambiguous(list.value, tool)) continue;
      const { text } = list.value.text;
      const name = JSON.stringify(aggregatedName(part.server, tool.name, sha256Hex));
      shown.push(
        text.slice(tool.span.start, tool.nameSpan.start) +
          name +
          text.slice(tool.nameSpan.end, tool.span.end),
      );
    }
    cursor = list.value.nextCursor;
    if (cursor === null) return shown;
  }
  return shown;
}

/** Until when one server may keep the others' answers waiting, in monotonic milliseconds. */
function amongAllUntilMs({ clock, limits }: Gateway): number {
  return clock.monotonicMs() + limits.amongAllMs;
}

interface Put {
  readonly cursor: string | null;
  /** Monotonic milliseconds: nothing is asked after it, nor waited for. */
  readonly untilMs: number;
}

/** Puts the client's own request to one server, with another cursor where there is one. */
async function put(
  gateway: Gateway,
  part: Caller,
  message: RequestMessage,
  { cursor, untilMs }: Put,
): Promise<Inquired | null> {
  const upstream = gateway.upstream(part.server);
  const leftMs = untilMs - gateway.clock.monotonicMs();
  if (upstream === null || leftMs <= 0) return null;
  const answered = await inquire({
    upstream,
    era: message.era,
    method: message.method,
    id: message.id,
    body: cursor === null ? message.text.text : withCursor(message, cursor),
    sessionId: part.session?.upstreamId ?? null,
    protocolVersion:
      message.era === 'modern'
        ? message.protocolVersion
        : part.session === null
          ? null
          : part.protocolVersion,
    timeoutMs: Math.min(gateway.limits.answerTimeoutMs, leftMs),
    answerBytesMax: gateway.limits.answerBytesMax,
    owner: part,
    asked: (method) => void refusedFromServer(gateway, part, method, 'not-aggregated'),
  });
  if (answered.ok) return answered.value;
  gateway.log.warn('upstream failed', { server: part.server, detail: answered.error });
  return null;
}

function withCursor(message: RequestMessage, cursor: string): string {
  const meta = message.params?.['_meta'];
  const params = { ...(meta === undefined ? {} : { _meta: meta }), cursor };
  return `{"jsonrpc":"2.0","id":${message.id},"method":"tools/list","params":${JSON.stringify(params)}}`;
}

function textMember(answer: Answer, key: string): string | null {
  if (answer.resultSpan === null || answer.text[answer.resultSpan.start] !== '{') return null;
  const member = membersAt(answer.text, answer.resultSpan.start).find((m) => m.key === key);
  if (member === undefined) return null;
  return stringValueOf(answer.text.slice(member.valueStart, member.valueEnd));
}
