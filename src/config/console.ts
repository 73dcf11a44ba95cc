import type { ConsoleEntry } from './console-schema.ts';
import { isLoopback, readOidc, type OidcConfig, type OidcReading } from './oidc.ts';

/** What the console may do and where it is, with defaults filled in. */
export interface ConsoleConfig {
  /** Whether servers at private addresses may be added. */
  readonly privateServers: boolean;
  /** The origin under which people open it; null: wherever they do. */
  readonly url: string | null;
  readonly oidc: OidcConfig | null;
}

/** What the section is read with. */
export interface ConsoleReading extends OidcReading {
  readonly listen: { readonly hosts: readonly string[]; readonly origins: readonly string[] };
}

/** The section `console`. */
export function readConsole(
  entry: ConsoleEntry | undefined,
  reading: ConsoleReading,
): ConsoleConfig {
  return {
    privateServers: entry?.privateServers ?? false,
    url: entry?.url === undefined ? null : originOf(entry.url, reading),
    oidc: entry?.oidc === undefined ? null : readOidc(entry.oidc, reading),
  };
}

function originOf(text: string, { listen, faults }: ConsoleReading): string {
  const path = ['console', 'url'];
  const url = URL.parse(text);
  if (url === null || !url.protocol.startsWith('http') || `${url.origin}/` !== url.href) {
    const message = 'expected the address of the console: scheme, host and port only';
    faults.push({ path, message, hint: 'as in `https://gate.example.com`' });
    return '';
  }
  const { origin, hostname } = url;
  const served = isLoopback(hostname) || listen.hosts.includes(hostname);
  if (!served && !listen.origins.includes(origin)) {
    const message = 'the gateway answers nobody under this name';
    faults.push({ path, message, hint: `add \`${hostname}\` to \`listen.hosts\`` });
  }
  return origin;
}
