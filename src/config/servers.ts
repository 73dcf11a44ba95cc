import { resolve } from 'node:path';
import { ownHeaders } from '../registry/server-draft.ts';
import type { ServerConfig } from '../registry/server.ts';
import { expand, type Environment } from './expand.ts';
import type { HttpEntry, ServerEntry, StdioEntry } from './file-schema.ts';
import type { Fault } from './problem.ts';

/** What servers are read with. Faults are added to `faults`. */
export interface ServerReading {
  readonly environment: Environment;
  /** The folder of the configuration file. */
  readonly folder: string;
  readonly faults: Fault[];
}

type Path = readonly (string | number)[];

/** The servers of the file, by name, with their variables filled in. */
export function readServers(
  entries: Readonly<Record<string, ServerEntry>>,
  reading: ServerReading,
): ReadonlyMap<string, ServerConfig> {
  const servers = new Map<string, ServerConfig>();
  for (const [name, entry] of Object.entries(entries)) {
    const config = 'command' in entry ? stdio(name, entry, reading) : http(name, entry, reading);
    servers.set(name, config);
  }
  return servers;
}

function stdio(name: string, entry: StdioEntry, reading: ServerReading): ServerConfig {
  const path = ['servers', name];
  const { cwd = null } = entry;
  return {
    name,
    transport: 'stdio',
    command: textOf(entry.command, [...path, 'command'], reading),
    args: (entry.args ?? []).map((one, index) => textOf(one, [...path, 'args', index], reading)),
    env: recordOf(entry.env ?? {}, (key, value) => [
      key,
      textOf(value, [...path, 'env', key], reading),
    ]),
    cwd: cwd === null ? null : resolve(reading.folder, cwd),
  };
}

function http(name: string, entry: HttpEntry, reading: ServerReading): ServerConfig {
  const path = ['servers', name];
  const names = new Set<string>();
  return {
    name,
    transport: entry.transport ?? 'http',
    url: urlOf(entry.url, [...path, 'url'], reading),
    headers: recordOf(entry.headers ?? {}, (key, value) => {
      const at = [...path, 'headers', key];
      checkHeaderName(key, at, { names, faults: reading.faults });
      return [key.toLowerCase(), headerValue(value, at, reading)];
    }),
    allowPrivate: entry.allowPrivate ?? false,
  };
}

function urlOf(text: string, path: Path, reading: ServerReading): string {
  const expanded = textOf(text, path, reading);
  const fault = (message: string, hint: string | null): string => {
    reading.faults.push({ path, message, hint });
    return '';
  };
  // The gateway's own catalogue, which is reached without leaving the program.
  if (expanded === '' || expanded === 'portcullis:catalogue') return expanded;
  const url = URL.parse(expanded);
  if (url === null) return fault('expected a URL', 'write it as in `https://example.com/mcp`');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return fault('expected a URL of http or https', null);
  }
  if (url.username !== '' || url.password !== '') {
    return fault(
      'a URL must not hold a user or password',
      'send an `authorization` header instead',
    );
  }
  if (url.hash !== '') return fault('a URL must not hold a `#` part', 'leave it out');
  return url.href;
}

function checkHeaderName(
  name: string,
  path: Path,
  found: { readonly names: Set<string>; readonly faults: Fault[] },
): void {
  const lower = name.toLowerCase();
  const fault = (message: string, hint: string | null): void => {
    found.faults.push({ path, message, hint, atKey: true });
  };
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return fault('expected a header name', null);
  if (ownHeaders.has(lower) || lower.startsWith('mcp-')) {
    return fault(`the gateway writes the header \`${lower}\` itself`, 'leave it out');
  }
  if (found.names.has(lower)) {
    return fault(`the header \`${lower}\` is here twice`, 'names of headers have no case');
  }
  found.names.add(lower);
}

function headerValue(text: string, path: Path, reading: ServerReading): string {
  const value = textOf(text, path, reading);
  // Field values of RFC 9110 §5.5: no CR, LF or NUL, which would end the line.
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  const message = 'a header value holds no line break, NUL or character beyond Latin-1';
  reading.faults.push({ path, message, hint: 'look for a line break at the end of a variable' });
  return '';
}

function textOf(text: string, path: Path, reading: ServerReading): string {
  const expanded = expand(text, reading.environment);
  if (!expanded.ok) {
    reading.faults.push({ path, ...expanded.error });
    return '';
  }
  if (!expanded.value.includes('\0')) return expanded.value;
  reading.faults.push({ path, message: 'no NUL can be passed on', hint: 'leave it out' });
  return '';
}

/** A record of own members only. */
function recordOf(
  entries: Readonly<Record<string, string>>,
  map: (key: string, value: string) => readonly [string, string],
): Readonly<Record<string, string>> {
  const record: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(entries)) {
    const [mappedKey, mapped] = map(key, value);
    record[mappedKey] = mapped;
  }
  return record;
}
