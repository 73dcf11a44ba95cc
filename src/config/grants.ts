import { isBearerText, hashToken, isGatewayToken } from '../identity/token.ts';
import { defaultMethods, type Grant } from '../identity/grant.ts';
import { parsePrincipal, type PrincipalProblem } from '../identity/principal.ts';
import { nearest } from '../policy/nearest.ts';
import type { Environment } from './expand.ts';
import type { GrantEntry } from './file-schema.ts';
import type { Fault } from './problem.ts';

/** What grants are read with. Faults are added to `faults`. */
export interface GrantReading {
  readonly environment: Environment;
  /** Names that the file declares, with and without problems of their own. */
  readonly servers: readonly string[];
  readonly policies: readonly string[];
  /** When the file was last changed, in milliseconds since the Unix epoch. */
  readonly changedMs: number;
  readonly faults: Fault[];
}

type Path = readonly (string | number)[];

/** Shorter tokens can be guessed. */
const tokenLengthMin = 32;

/** The grants of the file, in its order. */
export function readGrants(
  entries: Readonly<Record<string, GrantEntry>>,
  reading: GrantReading,
): readonly Grant[] {
  const carriers = new Map<string, string>();
  return Object.entries(entries).map(([label, entry]) => {
    const path = ['grants', label];
    const tokenSha256 = tokenHash(entry.token, path, reading);
    const carrier = carriers.get(tokenSha256);
    if (tokenSha256 !== '' && carrier !== undefined) {
      const message = `the token of \`${carrier}\` carries this grant too`;
      reading.faults.push({ path: [...path, 'token'], message, hint: 'give each grant its own' });
    }
    carriers.set(tokenSha256, label);
    return {
      id: `file:${label}`,
      label,
      principal: principalOf(entry, path, reading),
      servers: serversOf(entry, path, reading),
      policies: policiesOf(entry, path, reading),
      mode: entry.mode ?? 'enforce',
      methods: entry.methods ?? defaultMethods,
      expiresMs: entry.expires === undefined ? null : Date.parse(entry.expires),
      ...(entry.labelsLast === undefined ? {} : { labelsMs: spanMs(entry.labelsLast) }),
      tokenSha256,
      createdMs: reading.changedMs,
      revokedMs: null,
      source: 'file',
    };
  });
}

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a checked time such as `30m`. */
function spanMs(text: string): number {
  return Number(text.slice(0, -1)) * (unitMs[text.slice(-1)] ?? Number.NaN);
}

const principalMessages: Readonly<Record<PrincipalProblem, string>> = {
  'no-colon': 'expected a kind and a name with a colon between them',
  kind: 'expected a kind of a-z 0-9 and -, starting with a letter, before the colon',
  name: 'expected a name of A-Z a-z 0-9 and . _ @ + - after the colon',
};

function principalOf(entry: GrantEntry, path: Path, reading: GrantReading): Grant['principal'] {
  const principal = parsePrincipal(entry.principal);
  if (principal.ok) return principal.value;
  const message = principalMessages[principal.error];
  reading.faults.push({ path: [...path, 'principal'], message, hint: 'as in `agent:ci`' });
  return { id: '', kind: '' };
}

function serversOf(entry: GrantEntry, path: Path, reading: GrantReading): readonly string[] {
  for (const [index, server] of entry.servers.entries()) {
    const at = [...path, 'servers', index];
    checkKnown('server', server, { at, known: reading.servers, faults: reading.faults });
    if (entry.servers.indexOf(server) === index) continue;
    const message = `\`${server}\` is in this list already`;
    reading.faults.push({ path: at, message, hint: 'leave it out' });
  }
  return entry.servers;
}

/** Server to policy, own members only. A server that is not named here is refused everything. */
function policiesOf(
  entry: GrantEntry,
  path: Path,
  reading: GrantReading,
): Readonly<Record<string, string>> {
  const policies = Object.create(null) as Record<string, string>;
  const { policies: known, faults } = reading;
  const at = [...path, 'policy'];
  if (typeof entry.policy === 'string') {
    checkKnown('policy', entry.policy, { at, known, faults });
    for (const server of entry.servers) policies[server] = entry.policy;
    return policies;
  }
  for (const [server, policy] of Object.entries(entry.policy)) {
    checkKnown('policy', policy, { at: [...at, server], known, faults });
    policies[server] = policy;
    if (entry.servers.includes(server)) continue;
    const message = `this grant does not open the server \`${server}\``;
    const near = nearest(server, entry.servers);
    const hint =
      near === null ? 'add it to `servers`, or leave it out' : `did you mean \`${near}\`?`;
    faults.push({ path: [...at, server], message, hint, atKey: true });
  }
  return policies;
}

function checkKnown(
  kind: 'server' | 'policy',
  name: string,
  place: { readonly at: Path; readonly known: readonly string[]; readonly faults: Fault[] },
): void {
  if (place.known.includes(name)) return;
  const near = nearest(name, place.known);
  const section = kind === 'server' ? 'servers' : 'policies';
  const hint = near === null ? `declare it under \`${section}\`` : `did you mean \`${near}\`?`;
  place.faults.push({ path: place.at, message: `there is no ${kind} \`${name}\``, hint });
}

/** The hash of a declared token; empty after a fault. No message shows a token. */
export function tokenHash(
  entry: GrantEntry['token'],
  path: Path,
  reading: Pick<GrantReading, 'environment' | 'faults'>,
): string {
  if ('sha256' in entry) return entry.sha256.toLowerCase();
  const { env } = entry;
  const token = Object.hasOwn(reading.environment, env) ? reading.environment[env] : undefined;
  const fault = (message: string, hint: string): string => {
    reading.faults.push({ path: [...path, 'token', 'env'], message, hint });
    return '';
  };
  if (token === undefined) {
    return fault(`the environment has no variable \`${env}\``, 'set it to the token');
  }
  if (!isBearerText(token)) {
    return fault(`\`${env}\` holds no token`, 'use A-Z a-z 0-9 - . _ ~ + / only, without spaces');
  }
  if (token.length < tokenLengthMin) {
    return fault(
      `the token in \`${env}\` is too short`,
      `use at least ${tokenLengthMin} characters`,
    );
  }
  if (token.startsWith('pcl_') && !isGatewayToken(token)) {
    return fault(
      `the token in \`${env}\` is mistyped: its last characters do not fit`,
      'copy it again',
    );
  }
  return hashToken(token);
}
