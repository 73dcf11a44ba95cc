import type { RoleMapping } from '../identity/oidc.ts';
import type { OidcEntry } from './console-schema.ts';
import type { Environment } from './expand.ts';
import type { Fault } from './problem.ts';

/** The OpenID provider by which people sign in to the console. */
export interface OidcConfig {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Null for a client that has none. */
  readonly clientSecret: string | null;
  /** `openid` among them. */
  readonly scopes: readonly string[];
  readonly role: RoleMapping;
  readonly create: boolean;
}

/** What the section is read with. Faults are added to `faults`. */
export interface OidcReading {
  readonly environment: Environment;
  readonly faults: Fault[];
}

const at = ['console', 'oidc'];

/** The section `console.oidc`, with defaults and the secret filled in. */
export function readOidc(entry: OidcEntry, reading: OidcReading): OidcConfig {
  const { issuer, clientId, scopes = ['profile'], role, create = true } = entry;
  const url = issuerUrl(issuer, reading.faults);
  if (Object.keys(role.values).length === 0) {
    const message = 'no value is mapped to a role, so nobody could sign in';
    const hint = 'as in `"values": { "security": "admin" }`';
    reading.faults.push({ path: [...at, 'role', 'values'], message, hint });
  }
  return {
    name: entry.name ?? url?.hostname ?? issuer,
    issuer,
    clientId,
    clientSecret: entry.clientSecret === undefined ? null : secretOf(entry.clientSecret, reading),
    scopes: [...new Set(['openid', ...scopes])],
    role: { claim: role.claim, values: new Map(Object.entries(role.values)) },
    create,
  };
}

/** Whether this is an address of this very machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

function issuerUrl(text: string, faults: Fault[]): URL | null {
  const url = URL.parse(text);
  const fault = (message: string, hint: string): null => {
    faults.push({ path: [...at, 'issuer'], message, hint });
    return null;
  };
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '';
  if (url === null || !isPlain || !['https:', 'http:'].includes(url.protocol)) {
    return fault('expected the address of an issuer', 'as in `https://login.example.com`');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return fault('whoever is on the way could sign in as anybody', 'use its https address');
  }
  return url;
}

function secretOf({ env }: { readonly env: string }, reading: OidcReading): string {
  const own = Object.hasOwn(reading.environment, env) ? reading.environment[env] : undefined;
  if (own !== undefined && own !== '') return own;
  const message = `the environment has no variable \`${env}\``;
  const hint = 'set it to the secret that the provider gave for this client';
  reading.faults.push({ path: [...at, 'clientSecret', 'env'], message, hint });
  return '';
}
