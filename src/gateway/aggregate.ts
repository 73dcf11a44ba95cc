import { applyEdits, membersAt } from '../base/strict-json.ts';
import { decodeBody } from '../mcp/decode.ts';
import { resultResponse } from '../mcp/encode.ts';
import { checkMirroredHeaders, type HeaderProblem } from '../mcp/headers.ts';
import type { Message, RequestMessage, ResponseMessage } from '../mcp/message.ts';
import { ruleFor } from '../mcp/method.ts';
import { aggregatedName } from '../mcp/tool.ts';
import type { AggregateSession } from './aggregate-state.ts';
import { initializeAll, listAll } from './aggregate-all.ts';
import { endAggregate, openAggregateStream } from './aggregate-stream.ts';
import { partOf, serversOf, sha256Hex } from './aggregate-parts.ts';
import { discard } from './batch.ts';
import { bridge } from './bridge.ts';
import type { Upstream } from './upstream/upstream.ts';
import { inTime } from './in-time.ts';
import { callTool } from './call.ts';
import { jsonHeaders, type Downstream } from './downstream.ts';
import { editedRequest } from './edit-request.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { paramsMirrored } from './mirrored.ts';
import {
  receive,
  receiveMessage,
  refuseAnnotated,
  refuseRevision,
  refusedAtEdge,
  unreadable,
  type Received,
} from './receive.ts';
import { answerError, unknownTool } from './reply.ts';
import { legacyFault, modernFault } from './revision.ts';
import { refuseStopped } from './refuse-stopped.ts';
import { stopOf } from './stopped.ts';

/**
 * The endpoint of all servers of a grant. It offers tools, named `server__tool`; what belongs to
 * one server alone (resources, prompts, …) is on that server's own endpoint.
 */
export async function receiveAggregate(
  gateway: Gateway,
  caller: Caller,
  received: Received,
  downstream: Downstream,
): Promise<void> {
  const body = decodeBody(received.bytes, gateway.limits.json);
  if (!body.ok) return unreadable(gateway, caller, body.error, downstream);
  if (body.value.kind === 'batch') {
    await refusedAtEdge(gateway, caller, '(batch)', 'batch');
    return answerError(downstream, 400, {
      id: null,
      code: -32600,
      message: 'send one message per request',
    });
  }
  const { message } = body.value;
  // A stop of one server is met by what goes to it; one of the grant, or of all, stands here.
  const stop = stopOf(gateway, caller);
  if (stop !== null && message.kind === 'request' && message.method !== 'tools/call') {
    const about = { stop, method: message.method, id: message.id, status: 200 };
    return refuseStopped(gateway, caller, about, downstream);
  }
  if (message.era === 'modern')
    return receiveModern(gateway, caller, message, received, downstream);
  const fault = legacyFault(caller);
  if (fault !== null) return refuseRevision(gateway, caller, { message, fault }, downstream);
  if (message.kind === 'request' && message.method === 'initialize') {
    return initializeAll(gateway, caller, message, downstream);
  }
  const session = gateway.live.aggregates.find(
    caller.aggregateId ?? '',
    caller.grant.id,
    gateway.clock.monotonicMs(),
  );
  if (session === null) {
    const status = caller.aggregateId === null ? 400 : 404;
    const id = message.kind === 'request' ? message.id : null;
    return answerError(downstream, status, { id, code: -32001, message: 'Session not found' });
  }
  const parts = partsNow(gateway, caller, session);
  return receiveLegacy(gateway, caller, { message, session: { ...session, parts } }, downstream);
}

/** The legacy GET and DELETE of a session over all servers of a grant. */
export async function followAggregate(
  gateway: Gateway,
  caller: Caller,
  method: 'GET' | 'DELETE',
  downstream: Downstream,
): Promise<void> {
  const id = caller.aggregateId ?? '';
  const nowMs = gateway.clock.monotonicMs();
  const found = gateway.live.aggregates.find(id, caller.grant.id, nowMs);
  if (found === null) {
    const about = { id: null, code: -32001, message: 'Session not found' };
    return answerError(downstream, caller.aggregateId === null ? 400 : 404, about);
  }
  const session = { ...found, parts: partsNow(gateway, caller, found) };
  if (method === 'GET') return openAggregateStream(gateway, caller, session, downstream);
  return endAggregate(gateway, caller, session, downstream);
}

/** A session outlives edits of its grant: what the grant opens now counts, not what it did then. */
function partsNow(
  gateway: Gateway,
  caller: Caller,
  session: AggregateSession,
): ReadonlyMap<string, Caller> {
  const parts = new Map<string, Caller>();
  for (const server of serversOf(gateway, caller)) {
    const part = session.parts.get(server);
    if (part !== undefined) parts.set(server, { ...part, grant: caller.grant });
  }
  return parts;
}

async function receiveLegacy(
  gateway: Gateway,
  caller: Caller,
  { message, session }: { readonly message: Message; readonly session: AggregateSession },
  downstream: Downstream,
): Promise<void> {
  if (message.kind === 'response') return routeResponse(gateway, { message, session }, downstream);
  if (message.kind === 'notification') {
    await tellAll(gateway, session.parts, message);
    downstream.answer(202, {}, null);
    return;
  }
  return receiveRequest(
    gateway,
    caller,
    { message, parts: session.parts, rawHeaders: null },
    downstream,
  );
}

/** Servers that speak the legacy era alone take part as well: see `bridge.ts`. */
async function receiveModern(
  gateway: Gateway,
  caller: Caller,
  message: Message,
  received: Received,
  downstream: Downstream,
): Promise<void> {
  if (message.kind !== 'request') {
    downstream.answer(202, {}, null);
    return;
  }
  const servers = serversOf(gateway, caller);
  if (servers.length === 0) {
    return answerError(downstream, 404, {
      id: message.id,
      code: -32601,
      message: 'Method not found',
    });
  }
  const { rawHeaders } = received;
  const problem = rawHeaders === null ? null : checkMirroredHeaders(rawHeaders, message);
  if (problem !== null) return refuseHeaders(gateway, caller, { message, problem }, downstream);
  const fault = modernFault(message);
  if (fault !== null) return refuseRevision(gateway, caller, { message, fault }, downstream);
  if (message.method === 'server/discover') {
    downstream.answer(200, jsonHeaders, resultResponse(message.id, discoverResult));
    return;
  }
  const parts = new Map(servers.map((server) => [server, partOf(caller, server)]));
  const all = { ...gateway, upstream: (server: string) => eitherEra(gateway, parts, server) };
  return receiveRequest(all, caller, { message, parts, rawHeaders }, downstream);
}

function eitherEra(
  gateway: Gateway,
  parts: ReadonlyMap<string, Caller>,
  server: string,
): Upstream | null {
  const upstream = gateway.upstream(server);
  const part = parts.get(server);
  if (upstream === null || part === undefined || gateway.speaksModern(server)) return upstream;
  return bridge(gateway, part, upstream);
}

async function refuseHeaders(
  gateway: Gateway,
  caller: Caller,
  { message, problem }: { readonly message: RequestMessage; readonly problem: HeaderProblem },
  downstream: Downstream,
): Promise<void> {
  await refusedAtEdge(gateway, caller, message.method, problem.reason);
  const text = `header ${problem.header} does not agree with the body`;
  answerError(downstream, 400, { id: message.id, code: problem.code, message: text });
}

/** A request, the servers it may go to, and the header lines it came with, where there are any. */
interface AggregateRequest {
  readonly message: RequestMessage;
  readonly parts: ReadonlyMap<string, Caller>;
  readonly rawHeaders: readonly string[] | null;
}

const discoverResult = JSON.stringify({
  resultType: 'complete',
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: {} },
  ttlMs: 0,
  cacheScope: 'private',
  _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'portcullis', version: '1' } },
});

async function receiveRequest(
  gateway: Gateway,
  caller: Caller,
  { message, parts, rawHeaders }: AggregateRequest,
  downstream: Downstream,
): Promise<void> {
  switch (message.method) {
    case 'ping':
      downstream.answer(200, jsonHeaders, resultResponse(message.id, '{}'));
      return;
    case 'tools/list':
      return listAll(gateway, caller, { message, parts }, downstream);
    case 'tools/call':
      return routeCall(gateway, caller, { message, parts, rawHeaders }, downstream);
    case 'logging/setLevel':
      await tellAll(gateway, parts, message);
      downstream.answer(200, jsonHeaders, resultResponse(message.id, '{}'));
      return;
    default: {
      await refusedAtEdge(gateway, caller, message.method, 'not-aggregated');
      const known = ruleFor(message.method, 'client-to-server', message.era) !== null;
      const text = known
        ? 'Method not found here: use the endpoint of one server'
        : 'Method not found';
      return answerError(downstream, message.era === 'modern' ? 404 : 200, {
        id: message.id,
        code: -32601,
        message: text,
      });
    }
  }
}

/** Passes a message on to every server; one that takes long does not keep its client from the rest. */
async function tellAll(
  gateway: Gateway,
  parts: ReadonlyMap<string, Caller>,
  message: Message,
): Promise<void> {
  const told = [...parts.values()].map((part) =>
    receiveMessage(gateway, part, message, null, discard()).catch((reason: unknown) => {
      gateway.log.error('internal error', { detail: String(reason) });
    }),
  );
  await inTime(
    Promise.all(told).then(() => true),
    gateway.limits.amongAllMs,
  );
}

/** Finds the server by the aggregated name, and puts the tool's own name into the judged bytes. */
async function routeCall(
  gateway: Gateway,
  caller: Caller,
  { message, parts, rawHeaders }: AggregateRequest,
  downstream: Downstream,
): Promise<void> {
  const name = message.params?.['name'];
  const named = typeof name === 'string' ? name : '';
  const target = await findTool(gateway, parts, named);
  const renamed = target === null ? null : renameTool(message, target.tool);
  if (target === null || renamed === null) {
    await refusedAtEdge(gateway, caller, 'tools/call', 'unknown');
    downstream.answer(200, jsonHeaders, unknownTool(message, named));
    return;
  }
  // Which arguments headers mirror is known only now that the tool is.
  const params =
    message.era === 'modern' ? paramsMirrored(gateway, target.part, renamed) : undefined;
  if (params === null) {
    const part = { ...target.part, askedAs: named };
    return refuseAnnotated(gateway, part, renamed, downstream);
  }
  const problem =
    rawHeaders === null || params === undefined
      ? null
      : checkMirroredHeaders(rawHeaders, message, params);
  if (problem !== null) return refuseHeaders(gateway, caller, { message, problem }, downstream);
  // An unknown tool is told by the name it was asked by: the own name would show that it exists.
  return callTool(gateway, { ...target.part, askedAs: named }, renamed, downstream, params);
}

async function findTool(
  gateway: Gateway,
  parts: ReadonlyMap<string, Caller>,
  name: string,
): Promise<{ readonly part: Caller; readonly tool: string } | null> {
  const split = name.indexOf('__');
  const part = split < 0 ? undefined : parts.get(name.slice(0, split));
  if (part === undefined) return null;
  // Its tools' names, and which era it speaks. The lists of the other servers are not waited for.
  await gateway.toolsReady(part.server, 'once');
  for (const tool of gateway.snapshot().servers.get(part.server)?.tools?.keys() ?? []) {
    if (aggregatedName(part.server, tool, sha256Hex) === name) return { part, tool };
  }
  return { part, tool: name.slice(split + 2) };
}

function renameTool(message: RequestMessage, tool: string): RequestMessage | null {
  if (message.paramsSpan === null) return null;
  const { text } = message.text;
  const name = membersAt(text, message.paramsSpan.start).find((member) => member.key === 'name');
  if (name === undefined) return null;
  return editedRequest(message, [
    { start: name.valueStart, end: name.valueEnd, text: JSON.stringify(tool) },
  ]);
}

/** A client's answer carries the aggregated id that its question went out under. */
async function routeResponse(
  gateway: Gateway,
  { message, session }: { readonly message: ResponseMessage; readonly session: AggregateSession },
  downstream: Downstream,
): Promise<void> {
  const id: unknown = JSON.parse(message.id);
  const split = typeof id === 'string' ? id.indexOf(' ') : -1;
  const part =
    typeof id === 'string' && split > 0 ? session.parts.get(id.slice(0, split)) : undefined;
  if (part === undefined || typeof id !== 'string') {
    downstream.answer(202, {}, null);
    return;
  }
  const edits = [{ ...message.idSpan, text: id.slice(split + 1) }];
  const bytes = applyEdits(message.text.text, edits);
  return receive(gateway, part, { bytes, rawHeaders: null }, downstream);
}
