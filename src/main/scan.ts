import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Observation } from '../catalogue/observation.ts';
import { defaultDiscoverLimits, discoverTools, type Discovery } from '../gateway/discover.ts';
import { openUpstream } from '../gateway/upstream/open.ts';
import type { ServerConfig } from '../registry/server.ts';
import { systemClock } from './clock.ts';

/** What a scan is done with. */
export interface ScanOptions {
  readonly config: ServerConfig;
  /** Milliseconds for the whole reading. */
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Credentials of the operator's are sent along. */
  readonly credentials: boolean;
}

/** Once one era gave its list, the other says only which eras there are. */
const secondEraMs = 3_000;
const asksMax = 16;

/**
 * Reads a server over a connection, or with a process, that is thrown away afterwards. Bounded in
 * time, size and pages; the error is one line for a person.
 */
export async function scanServer(options: ScanOptions): Promise<Result<Observation, string>> {
  const { config, timeoutMs, environment } = options;
  const said = lastLines();
  const upstream = openUpstream(config, {
    clock: systemClock,
    log: said.log,
    environment,
    stdioLimits: { graceMs: 500 },
  });
  const asks = new Set<string>();
  const limits = {
    ...defaultDiscoverLimits,
    timeoutMs,
    secondEraMs,
    asked: (method: string) => void (asks.size < asksMax && asks.add(method)),
  };
  const found = await within(timeoutMs, discoverTools(upstream, limits));
  await upstream.close();
  if (!found.ok) return err(explain(found.error, { config, timeoutMs, said: said.stderr() }));
  return ok(observationOf(found.value, options, [...asks]));
}

/** What a discovery showed, with what is known of the way to the server. */
export function observationOf(
  found: Discovery,
  { config, credentials }: Pick<ScanOptions, 'config' | 'credentials'>,
  asks: readonly string[],
): Observation {
  const url = config.transport === 'stdio' ? null : URL.parse(config.url);
  return {
    name: found.serverName ?? config.name,
    version: found.serverVersion,
    instructions: found.instructions,
    posture: {
      transport: config.transport === 'stdio' ? 'stdio' : 'http',
      where: config.transport === 'stdio' ? config.command : `${url?.origin}${url?.pathname}`,
      encrypted: url === null || url.protocol === 'https:' || isLoopback(url.hostname),
      credentials: credentials ? 'given' : config.transport === 'stdio' ? null : 'none',
      protocolVersion: found.protocolVersion,
      asks,
    },
    tools: found.tools.map((tool) => tool.definition),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

function within(
  timeoutMs: number,
  work: Promise<Result<Discovery, string>>,
): Promise<Result<Discovery, string>> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(err('timeout')), timeoutMs);
    void work.then((result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
}

/** Keeps what a stdio server wrote last before it ended: mostly it says what is missing. */
function lastLines(): { readonly log: Log; readonly stderr: () => string } {
  const lines: string[] = [];
  const note: Log['info'] = (event, fields) => {
    const line = event === 'upstream.stderr' ? String(fields?.['line'] ?? '').trim() : '';
    if (line === '') return;
    lines.push(line.slice(0, 200));
    if (lines.length > 40) lines.shift();
  };
  // The first line that names an error says more than the stack below it.
  const telling = (): string =>
    lines.find((line) =>
      /error|missing|required|must|not set|invalid|api.?key|token/i.test(line),
    ) ??
    lines.at(-1) ??
    '';
  return { log: { info: note, warn: note, error: note }, stderr: telling };
}

interface Circumstances {
  readonly config: ServerConfig;
  readonly timeoutMs: number;
  readonly said: string;
}

const wantsCredentials =
  /key\b|token|credential|password|secret|auth|environment variable|is required|not set/i;

function explain(problem: string, about: Circumstances): string {
  const { config, timeoutMs, said } = about;
  const http = /\bhttp (\d{3})/.exec(problem)?.[1] ?? null;
  const tail = said === '' ? '' : `; it said: ${said}`;
  if (http === '401' || http === '403') {
    return `it needs credentials (HTTP ${http}); send them with --header 'Authorization: Bearer ...'`;
  }
  if (/exited with code|killed by/.test(problem)) {
    const advice = wantsCredentials.test(said) ? '; pass what it needs with --env NAME' : '';
    return `the server ended before it listed its tools (${firstEnd(problem)})${tail}${advice}`;
  }
  if (/^timeout|; timeout/.test(problem) || /no answer in time/.test(problem)) {
    return `it did not list its tools within ${timeoutMs / 1000} s; allow more with --timeout${tail}`;
  }
  const known = sentences.find(([pattern]) => pattern.test(problem));
  if (known !== undefined) return known[1];
  const kind = config.transport === 'http' ? 'is there an MCP server at that address?' : '';
  return `it could not be read: ${problem.slice(0, 300)}${tail}${kind === '' ? '' : `; ${kind}`}`;
}

function firstEnd(problem: string): string {
  return /exited with code \S+|killed by \w+/.exec(problem)?.[0].replace(/[;,]$/, '') ?? 'it ended';
}

const sentences: readonly (readonly [RegExp, string])[] = [
  [/too-large/, 'it sends more than 16 MB where a list of tools is expected; it is not read'],
  [
    /too long|line.*bytes|flood|noise|lines that are no/i,
    'it floods its output with what is no message; it is not read',
  ],
  [/never ends/, 'its list of tools never ends: a page names itself as the next'],
  [
    /more than \d+ (?:pages of )?tools|too-many-tools|pages/,
    'it lists more tools than are read from one server',
  ],
  [
    /was not found/,
    'the command was not found; write it as in a shell, with its full path if need be',
  ],
  [/tools\/list was refused/, 'it answers, but refuses `tools/list`: it offers no tools'],
  [
    /tool-invalid|member-variant/,
    'its list of tools can be read in two ways (a member twice, or in another spelling); no client should use it',
  ],
  [/ECONNREFUSED/, 'nothing listens at that address'],
  [/ENOTFOUND|EAI_AGAIN/, 'there is no host of that name'],
  [/http 404|http 405/, 'there is no MCP endpoint at that address; most end in `/mcp`'],
];
