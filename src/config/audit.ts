import { resolve } from 'node:path';
import type { AuditEntry, RecordEntry, SinkEntry, TelemetryEntry } from './audit-schema.ts';
import { expand, type Environment } from './expand.ts';
import type { Fault } from './problem.ts';

/** How records are kept. */
export interface AuditConfig {
  readonly durability: 'process' | 'power';
  /** Milliseconds; null keeps records for ever. */
  readonly keepMs: number | null;
  /** By server, then by tool; `*` is every other tool of its server. */
  readonly record: ReadonlyMap<string, ReadonlyMap<string, RecordConfig>>;
  readonly sink: SinkConfig | null;
}

/** What records hold of a tool's arguments beside their names and one digest. */
export interface RecordConfig {
  readonly level: 'digests' | 'values';
  /** Paths into the arguments; `*` stands for any member. */
  readonly redact: readonly (readonly string[])[];
}

/** A second place for every record. */
export type SinkConfig =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** What the gateway tells about itself. */
export interface TelemetryConfig {
  readonly openTelemetry: boolean;
  readonly metrics: 'operator' | 'anyone';
}

/** What the section is read with. Faults are added to `faults`. */
export interface AuditReading {
  readonly environment: Environment;
  /** The folder of the configuration file. */
  readonly folder: string;
  /** Names of the servers that the file declares. */
  readonly servers: readonly string[];
  readonly faults: Fault[];
}

const dayMs = 86_400_000;

/** The section `audit`, with defaults and variables filled in. */
export function readAudit(entry: AuditEntry | undefined, reading: AuditReading): AuditConfig {
  const { durability = 'process', keepDays, record = {}, sink } = entry ?? {};
  const tools = Object.entries(record).map(([server, entries]) => {
    if (!reading.servers.includes(server)) {
      const path = ['audit', 'record', server];
      const message = `there is no server \`${server}\``;
      reading.faults.push({ path, message, hint: 'name one of `servers`', atKey: true });
    }
    const read = Object.entries(entries).map(([tool, one]) => [tool, recordConfig(one)] as const);
    return [server, new Map(read)] as const;
  });
  return {
    durability,
    keepMs: keepDays === undefined ? null : keepDays * dayMs,
    record: new Map(tools),
    sink: sink === undefined ? null : sinkOf(sink, reading),
  };
}

/** The section `telemetry`, with defaults filled in. */
export function readTelemetry(entry: TelemetryEntry | undefined): TelemetryConfig {
  return {
    openTelemetry: entry?.openTelemetry ?? false,
    metrics: entry?.metrics ?? 'operator',
  };
}

function recordConfig(entry: RecordEntry): RecordConfig {
  if (typeof entry === 'string') return { level: entry, redact: [] };
  return { level: entry.level, redact: (entry.redact ?? []).map(pointerPath) };
}

/** RFC 6901 §3 and §4. */
function pointerPath(pointer: string): readonly string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function sinkOf(sink: SinkEntry, reading: AuditReading): SinkConfig {
  if ('file' in sink) return { kind: 'file', path: resolve(reading.folder, sink.file) };
  const headers = Object.entries(sink.headers ?? {}).map(([name, text]) => {
    const path = ['audit', 'sink', 'headers', name];
    const value = expanded(text, path, reading);
    const isField = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value);
    const message = 'expected a header name, and a value on one line';
    if (!isField) reading.faults.push({ path, message, hint: null });
    return [name.toLowerCase(), value] as const;
  });
  return { kind: 'http', url: urlOf(sink.url, reading), headers: Object.fromEntries(headers) };
}

function urlOf(text: string, reading: AuditReading): string {
  const path = ['audit', 'sink', 'url'];
  const url = URL.parse(expanded(text, path, reading));
  const isHttp = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
  if (isHttp && url.username === '' && url.password === '') return url.href;
  const message = 'expected a URL of http or https, without a user or password';
  reading.faults.push({ path, message, hint: 'send an `authorization` header instead' });
  return '';
}

function expanded(text: string, path: Fault['path'], reading: AuditReading): string {
  const result = expand(text, reading.environment);
  if (result.ok) return result.value;
  reading.faults.push({ path, ...result.error });
  return '';
}
