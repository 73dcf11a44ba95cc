import { err, ok, type Result } from '../base/result.ts';
import { parseScanned, scanJson, type JsonObject, type JsonValue } from '../base/strict-json.ts';
import type { Answer } from '../mcp/answer.ts';
import type { Era } from '../mcp/message.ts';
import { definitionOf, readToolList, type ToolList } from '../mcp/tool.ts';
import { inquire, type Inquired } from './inquire.ts';
import { definitionDigest, listLimits } from './list.ts';
import type { Upstream } from './upstream/upstream.ts';

/** A tool as a server describes it, before anyone classified or pinned it. */
export interface DiscoveredTool {
  readonly name: string;
  readonly digest: string;
  /** The definition's own text, as the server sent it. */
  readonly text: string;
  readonly definition: JsonObject;
}

/** What a server offers to a client that declares every capability. */
export interface Discovery {
  readonly eras: readonly Era[];
  readonly serverName: string | null;
  readonly serverVersion: string | null;
  /** What the server tells every model that uses it. */
  readonly instructions: string | null;
  /** The revision that the server settled on; null where it named none. */
  readonly protocolVersion: string | null;
  readonly tools: readonly DiscoveredTool[];
}

/** Bounds of one discovery. */
export interface DiscoverLimits {
  readonly timeoutMs: number;
  readonly pagesMax: number;
  readonly toolsMax: number;
  readonly answerBytesMax: number;
  /** How long the modern era is waited for once the legacy one gave a list; absent: `timeoutMs`. */
  readonly secondEraMs?: number;
  /** Hears the methods that the server asks of its client. */
  readonly asked?: (method: string) => void;
}

export const defaultDiscoverLimits: DiscoverLimits = {
  timeoutMs: 15_000,
  pagesMax: 100,
  toolsMax: 2_000,
  answerBytesMax: listLimits.bytesMax,
};

/** A server may offer more tools to a client that can do more: the list must not be short of any. */
const everyCapability: JsonObject = {
  roots: { listChanged: true },
  sampling: { context: {}, tools: {} },
  elicitation: { form: {}, url: {} },
  tasks: {
    list: {},
    cancel: {},
    requests: { sampling: { createMessage: {} }, elicitation: { create: {} } },
  },
};

/** How often and how far apart a list is read again until it holds still. */
const steadyTries = 5;
const steadyPauseMs = 150;

const modernVersion = '2026-07-28';
const clientInfo = { name: 'portcullis', version: '1' };

/**
 * Reads a server's whole tool list, over a connection that is used for nothing else: `upstream` is
 * closed by the caller afterwards. Both eras are tried; an error says why neither gave a list.
 */
export async function discoverTools(
  upstream: Upstream,
  limits: DiscoverLimits,
): Promise<Result<Discovery, string>> {
  const legacy = await discoverLegacy(upstream, limits);
  const secondMs = legacy.ok ? (limits.secondEraMs ?? limits.timeoutMs) : limits.timeoutMs;
  const modern = await discoverModern(upstream, { ...limits, timeoutMs: secondMs });
  const found = legacy.ok ? legacy : modern;
  if (!found.ok) {
    // Both ways often fail for one cause, which is said once.
    const causes = new Set([legacy, modern].flatMap((way) => (way.ok ? [] : [way.error])));
    return err([...causes].join('; '));
  }
  const eras: Era[] = [];
  if (legacy.ok) eras.push('legacy');
  if (modern.ok) eras.push('modern');
  return ok({ ...found.value, eras });
}

type Found = Result<Omit<Discovery, 'eras'>, string>;

async function discoverLegacy(upstream: Upstream, limits: DiscoverLimits): Promise<Found> {
  const opened = await ask(upstream, limits, {
    era: 'legacy',
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: everyCapability,
      clientInfo,
    },
  });
  if (!opened.ok) return opened;
  const result = resultOf(opened.value.answer);
  if (result === null) return err(`initialize was refused: http ${opened.value.status}`);

  const version = result['protocolVersion'];
  const session = {
    sessionId: opened.value.headers['mcp-session-id'] ?? null,
    protocolVersion: typeof version === 'string' ? version : null,
  };
  await ask(upstream, limits, { era: 'legacy', method: 'notifications/initialized', session });
  const tools = await steadyTools(() => allPages(upstream, limits, { era: 'legacy', session }));
  if (session.sessionId !== null) endSession(upstream, session.sessionId, session.protocolVersion);
  return tools.ok ? ok({ ...aboutServer(result), tools: tools.value }) : tools;
}

async function discoverModern(upstream: Upstream, limits: DiscoverLimits): Promise<Found> {
  const session = { sessionId: null, protocolVersion: modernVersion };
  const found = await ask(upstream, limits, { era: 'modern', method: 'server/discover', session });
  if (!found.ok) return found;
  const result = resultOf(found.value.answer);
  const versions = result?.['supportedVersions'];
  if (!Array.isArray(versions) || !versions.includes(modernVersion))
    return err('not of 2026-07-28');

  const tools = await allPages(upstream, limits, { era: 'modern', session });
  if (!tools.ok) return tools;
  return ok({ ...aboutServer({ ...result, protocolVersion: modernVersion }), tools: tools.value });
}

/** Some servers register tools once they know the client: the list is read until it repeats. */
async function steadyTools(
  read: () => Promise<Result<readonly DiscoveredTool[], string>>,
): Promise<Result<readonly DiscoveredTool[], string>> {
  let last = await read();
  for (let tries = 1; tries < steadyTries && last.ok; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, steadyPauseMs));
    const next = await read();
    if (!next.ok || fingerprint(next.value) === fingerprint(last.value)) return next;
    last = next;
  }
  return last;
}

function fingerprint(tools: readonly DiscoveredTool[]): string {
  return tools.map((tool) => tool.digest).join(' ');
}

interface SessionOf {
  readonly sessionId: string | null;
  readonly protocolVersion: string | null;
}

async function allPages(
  upstream: Upstream,
  limits: DiscoverLimits,
  how: { readonly era: Era; readonly session: SessionOf },
): Promise<Result<readonly DiscoveredTool[], string>> {
  const tools: DiscoveredTool[] = [];
  const seen = new Set<string>();
  let cursor: string | null = null;
  for (let page = 0; page < limits.pagesMax; page += 1) {
    const params: Record<string, JsonValue> = cursor === null ? {} : { cursor };
    const answered = await ask(upstream, limits, { ...how, method: 'tools/list', params });
    if (!answered.ok) return answered;
    const list = listOf(answered.value.answer, limits);
    if (!list.ok) return list;

    const count = tools.length + list.value.tools.length;
    if (count > limits.toolsMax) return err(`more than ${limits.toolsMax} tools`);
    for (const tool of list.value.tools) {
      const text = list.value.text.text.slice(tool.span.start, tool.span.end);
      tools.push({
        name: tool.name,
        digest: definitionDigest(list.value, tool),
        text,
        definition: definitionOf(list.value, tool),
      });
    }
    cursor = list.value.nextCursor;
    if (cursor === null) return ok(tools);
    if (seen.has(cursor)) return err('the list of tools never ends');
    seen.add(cursor);
  }
  return err(`more than ${limits.pagesMax} pages of tools`);
}

function listOf(answer: Answer | null, limits: DiscoverLimits): Result<ToolList, string> {
  if (answer === null) return err('no answer');
  if (answer.errorSpan !== null) return err(`tools/list was refused with ${answer.errorCode}`);
  const bytesMax = Math.min(listLimits.bytesMax, limits.answerBytesMax);
  const scanned = scanJson(Buffer.from(answer.text), { ...listLimits, bytesMax });
  if (!scanned.ok) return err(`tools/list: ${scanned.error.code}`);
  const list = readToolList(scanned.value);
  return list.ok ? list : err(`tools/list: ${list.error}`);
}

let nextId = 1;

function ask(
  upstream: Upstream,
  limits: DiscoverLimits,
  request: {
    readonly era: Era;
    readonly method: string;
    readonly params?: JsonObject;
    readonly session?: SessionOf;
  },
): Promise<Result<Inquired, string>> {
  const { era, method, session } = request;
  const isNotification = method.startsWith('notifications/');
  const id = isNotification ? null : String((nextId = (nextId % 1_000_000_000) + 1));
  const meta = {
    'io.modelcontextprotocol/protocolVersion': modernVersion,
    'io.modelcontextprotocol/clientCapabilities': everyCapability,
    'io.modelcontextprotocol/clientInfo': clientInfo,
  };
  const params = era === 'modern' ? { ...request.params, _meta: meta } : request.params;
  return inquire({
    upstream,
    era,
    method,
    id,
    body: JSON.stringify({
      jsonrpc: '2.0',
      ...(id === null ? {} : { id: Number(id) }),
      method,
      ...(params === undefined ? {} : { params }),
    }),
    sessionId: session?.sessionId ?? null,
    protocolVersion: session?.protocolVersion ?? null,
    timeoutMs: limits.timeoutMs,
    answerBytesMax: limits.answerBytesMax,
    ...(limits.asked === undefined ? {} : { asked: limits.asked }),
  });
}

function endSession(upstream: Upstream, sessionId: string, version: string | null): void {
  const headers = {
    'mcp-session-id': sessionId,
    ...(version === null ? {} : { 'mcp-protocol-version': version }),
  };
  upstream.exchange(
    {
      method: 'DELETE',
      headers,
      body: null,
      message: null,
      sessionId,
      era: 'legacy',
      timeoutMs: 5_000,
    },
    { head() {}, data() {}, end() {}, failed() {} },
  );
}

function resultOf(answer: Answer | null): JsonObject | null {
  if (answer === null || answer.resultSpan === null) return null;
  const { start, end } = answer.resultSpan;
  const scanned = scanJson(Buffer.from(answer.text.slice(start, end)), listLimits);
  if (!scanned.ok) return null;
  const value = parseScanned(scanned.value);
  // An object of JSON values that is no list has own members only.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : null;
}

function aboutServer(result: JsonObject): Omit<Discovery, 'eras' | 'tools'> {
  const info = result['serverInfo'];
  return {
    serverName: textIn(info, 'name', 128),
    serverVersion: textIn(info, 'version', 128),
    instructions: textIn(result, 'instructions', 10_000),
    protocolVersion: textIn(result, 'protocolVersion', 64),
  };
}

function textIn(value: JsonValue | undefined, member: string, unitsMax: number): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  // Not an array and not null: an object of JSON members.
  const text = (value as JsonObject)[member];
  return typeof text === 'string' ? text.slice(0, unitsMax) : null;
}
