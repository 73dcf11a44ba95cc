import { basename } from 'node:path';

import { err, ok, type Result } from '../../base/result.ts';
import { scanJson, parseScanned } from '../../base/strict-json.ts';
import type { ClientServer } from '../../clients/client.ts';
import type { Observation } from '../../catalogue/observation.ts';
import { readSavedList } from '../../catalogue/saved-list.ts';
import { environment } from '../../config/environment.ts';
import { scanServer } from '../../main/scan.ts';
import type { ServerConfig } from '../../registry/server.ts';
import { readText } from '../../config/text-file.ts';

/** How long a scan may take, and what it may pass on. */
export interface ScanBounds {
  readonly timeoutMs: number;
  /** Names of the environment that the server is given. */
  readonly env: readonly string[];
  /** `Name: value` lines. */
  readonly headers: readonly string[];
}

/** Reads the server at an address, or the one that a command starts. */
export async function observeTarget(
  words: readonly string[],
  bounds: ScanBounds,
): Promise<Result<Observation, string>> {
  const [first = '', ...args] = words;
  const headers = headersOf(bounds.headers);
  if (!headers.ok) return headers;
  if (/^https?:\/\//i.test(first)) {
    if (args.length > 0) return err('one address is scanned at a time');
    const url = URL.parse(first);
    if (url === null) return err(`\`${first}\` is no address`);
    const name = url.host;
    const sent = headers.value;
    const config: ServerConfig = {
      name,
      transport: 'http',
      url: first,
      headers: sent,
      allowPrivate: true,
    };
    return observe(config, bounds, Object.keys(headers.value).length > 0);
  }
  if (bounds.headers.length > 0) return err('--header is for an address, not for a command');
  const env = environmentOf(bounds.env);
  if (!env.ok) return env;
  const name = nameOfCommand(words);
  return observe(
    { name, transport: 'stdio', command: first, args, env: env.value, cwd: null },
    bounds,
    bounds.env.length > 0,
  );
}

/** Reads a server that a client's configuration names. */
export async function observeClientServer(
  server: ClientServer,
  bounds: ScanBounds,
): Promise<Result<Observation, string>> {
  const { entry, name } = server;
  switch (entry.transport) {
    case 'other':
      return err(`the entry cannot be scanned: ${entry.why}`);
    case 'http': {
      const { url, headers } = entry;
      const config: ServerConfig = { name, transport: 'http', url, headers, allowPrivate: true };
      return observe(config, bounds, Object.keys(headers).length > 0);
    }
    case 'stdio': {
      const { command, args, env, cwd } = entry;
      const config: ServerConfig = { name, transport: 'stdio', command, args, env, cwd };
      return observe(config, bounds, Object.keys(env).length > 0);
    }
  }
}

/** Reads a file that holds the answer to `tools/list`; `-` is standard input. */
export function observeFile(path: string): Result<Observation, string> {
  const text = readText(path);
  if (!text.ok) return text;
  const scanned = scanJson(Buffer.from(text.value), {
    bytesMax: 67_108_864,
    depthMax: 128,
    valuesMax: 4_000_000,
    stringMax: 4_194_304,
  });
  if (!scanned.ok) {
    const line = text.value.slice(0, scanned.error.offset).split('\n').length;
    return err(`\`${path}\` line ${line}: not sound JSON (${scanned.error.code})`);
  }
  const name = basename(path).replace(/\.json$/, '');
  const read = readSavedList(parseScanned(scanned.value), { name, where: path });
  return read.ok ? ok(read.value) : err(`\`${path}\`: ${read.error}`);
}

function observe(
  config: ServerConfig,
  { timeoutMs }: ScanBounds,
  credentials: boolean,
): Promise<Result<Observation, string>> {
  return scanServer({ config, timeoutMs, environment: environment(), credentials });
}

function headersOf(lines: readonly string[]): Result<Readonly<Record<string, string>>, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf(':');
    const name = line.slice(0, at).trim();
    if (at < 1 || !/^[A-Za-z0-9-]+$/.test(name)) {
      return err(`--header: write \`Name: value\`, not \`${name || '...'}\``);
    }
    headers[name] = line.slice(at + 1).trim();
  }
  return ok(headers);
}

function environmentOf(names: readonly string[]): Result<Readonly<Record<string, string>>, string> {
  const own = environment();
  const passed: Record<string, string> = {};
  for (const name of names) {
    const value = own[name];
    if (value === undefined) {
      return err(`--env ${name}: it is not set here; set it before the command and name it`);
    }
    passed[name] = value;
  }
  return ok(passed);
}

// "npx -y @scope/server@1.2" is called after the package.
function nameOfCommand(words: readonly string[]): string {
  const [command = 'server', ...args] = words;
  const runner = /(?:^|[\\/])(?:npx|bunx|uvx|pnpm|node|deno|python3?)(?:\.cmd|\.exe)?$/.test(
    command,
  );
  const named = runner ? args.find((word) => !word.startsWith('-')) : undefined;
  return basename(named ?? command).replace(/@[^@/]*$/, '') || 'server';
}
