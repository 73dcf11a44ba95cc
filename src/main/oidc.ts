import type * as Library from 'openid-client';

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { OidcConfig } from '../config.ts';
import type {
  BegunOidc,
  OidcAttempt,
  OidcIdentity,
  OidcProblem,
  OidcProvider,
} from '../control/oidc-provider.ts';
import { mappedRole, userNameOf } from '../identity/oidc.ts';
import { attempt } from './attempt.ts';

/** What the adapter is given. */
export interface OidcParts {
  readonly config: OidcConfig;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a provider may take to answer, in seconds. */
const answerSecondsMax = 10;
/** Codes that are exchanged at once: whoever asks may be anybody, and each asks the provider. */
const exchangesMax = 8;
/** The longest answer that is read, in bytes. */
const answerBytesMax = 262_144;
/** How long its description is good for, and how long one that could not be read is not asked for. */
const describedMs = 3_600_000;
const pauseMs = 15_000;

type Library = typeof Library;

interface Described {
  readonly library: Library;
  readonly configuration: Library.Configuration;
}

/** The OpenID provider of the operator's file, over HTTP. The library is read when it is first asked. */
export function openOidc(parts: OidcParts): OidcProvider {
  const { config } = parts;
  const described = describedBy(parts);
  let exchanges = 0;
  return {
    name: config.name,
    issuer: config.issuer,
    createsUsers: config.create,
    isReachable: async () => (await described()) !== null,
    begin: async (redirectUri) => {
      const provider = await described();
      return provider === null
        ? err('unreachable')
        : ok(await begin(config, provider, redirectUri));
    },
    finish: async (query, begun) => {
      const provider = await described();
      if (provider === null) return err('unreachable');
      if (exchanges >= exchangesMax) return err('busy');
      exchanges += 1;
      return finish(config, provider, { query, begun }).finally(() => (exchanges -= 1));
    },
  };
}

/** Reads the provider's description as often as it must be, never twice at once. */
function describedBy({ config, clock, log }: OidcParts): () => Promise<Described | null> {
  let known: Described | null = null;
  let askMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<Described | null> | null = null;
  const ask = async (): Promise<Described | null> => {
    const read = await attempt(() => describe(config));
    known = read.ok ? read.value : null;
    askMs = clock.monotonicMs() + (read.ok ? describedMs : pauseMs);
    if (!read.ok) log.warn('oidc.unreachable', { issuer: config.issuer, error: read.error });
    return known;
  };
  return () => {
    if (clock.monotonicMs() < askMs) return Promise.resolve(known);
    asking ??= ask().finally(() => (asking = null));
    return asking;
  };
}

async function describe(config: OidcConfig): Promise<Described> {
  const library = await import('openid-client');
  const { issuer, clientId, clientSecret } = config;
  const configuration = await library.discovery(
    new URL(issuer),
    clientId,
    clientSecret === null ? undefined : { client_secret: clientSecret },
    clientSecret === null ? library.None() : secretAuth(library, clientSecret),
    {
      timeout: answerSecondsMax,
      [library.customFetch]: fetchShort,
      // Without it, a token that came from the token endpoint is believed for its TLS alone.
      execute: [
        library.enableNonRepudiationChecks,
        ...(issuer.startsWith('http:') ? [library.allowInsecureRequests] : []),
      ],
    },
  );
  configuration.timeout = answerSecondsMax;
  configuration[library.customFetch] = fetchShort;
  return { library, configuration };
}

/** The secret in the header, which every provider takes, unless this one says that it does not. */
function secretAuth(library: Library, secret: string): Library.ClientAuth {
  const basic = library.ClientSecretBasic(secret);
  const inBody = library.ClientSecretPost(secret);
  return (server, client, body, headers) => {
    const taken = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const auth = taken.includes('client_secret_basic') ? basic : inBody;
    return auth(server, client, body, headers);
  };
}

async function begin(
  { scopes }: OidcConfig,
  { library, configuration }: Described,
  redirectUri: string,
): Promise<BegunOidc> {
  const verifier = library.randomPKCECodeVerifier();
  const state = library.randomState();
  const nonce = library.randomNonce();
  const url = library.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: scopes.join(' '),
    code_challenge: await library.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  return { url: url.href, redirectUri, state, nonce, verifier };
}

async function finish(
  config: OidcConfig,
  { library, configuration }: Described,
  { query, begun }: { readonly query: string; readonly begun: OidcAttempt },
): Promise<Result<OidcIdentity, OidcProblem>> {
  const returned = new URL(begun.redirectUri);
  returned.search = query;
  if (returned.searchParams.get('state') !== begun.state) return err('wrong-state');
  try {
    const tokens = await library.authorizationCodeGrant(configuration, returned, {
      pkceCodeVerifier: begun.verifier,
      expectedState: begun.state,
      expectedNonce: begun.nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) return err('not-valid');
    // The library takes a token of any tenant from a provider of many; here an issuer is one.
    if (URL.parse(claims.iss)?.href !== new URL(config.issuer).href) return err('wrong-issuer');
    return ok({
      subject: claims.sub,
      wantedName: userNameOf(claims['preferred_username'] ?? claims['email']),
      role: mappedRole(claims, config.role),
    });
  } catch (error) {
    return err(problemOf(library, error));
  }
}

const claimProblems: Readonly<Record<string, OidcProblem>> = {
  nonce: 'wrong-nonce',
  aud: 'wrong-audience',
  azp: 'wrong-audience',
  iss: 'wrong-issuer',
};

/** The library's errors hold what came from outside: a word of ours stands for each. */
function problemOf(library: Library, error: unknown): OidcProblem {
  if (error instanceof library.AuthorizationResponseError) return 'refused-by-provider';
  if (error instanceof library.ResponseBodyError) return 'code-refused';
  if (!(error instanceof library.ClientError)) return 'unreachable';
  const { code = '' } = error;
  if (code === 'OAUTH_TIMEOUT' || code === 'OAUTH_RESPONSE_IS_NOT_CONFORM') return 'unreachable';
  if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') return 'expired';
  if (code === 'OAUTH_KEY_SELECTION_FAILED') return 'wrong-key';
  const { message, cause } = causeOf(error);
  if (/signature/.test(message)) return 'wrong-key';
  if (/"iss" \(issuer\)/.test(message)) return 'wrong-issuer';
  const claim = typeof cause === 'object' && cause !== null && 'claim' in cause ? cause.claim : '';
  return claimProblems[String(claim)] ?? 'not-valid';
}

function causeOf({ cause }: Error): { readonly message: string; readonly cause: unknown } {
  if (!(cause instanceof Error)) return { message: '', cause };
  return { message: cause.message, cause: cause.cause };
}

/** `fetch` that reads no more than an answer may have. */
async function fetchShort(url: string, options: Library.CustomFetchOptions): Promise<Response> {
  const { body, ...rest } = options;
  const answer = await fetch(url, body === undefined ? rest : { ...rest, body });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Node's bodies are lists of bytes that come one after the other.
  const parts = (answer.body ?? []) as AsyncIterable<Uint8Array>;
  for await (const chunk of parts) {
    bytes += chunk.byteLength;
    if (bytes > answerBytesMax) throw new TypeError('the answer is longer than it may be');
    chunks.push(chunk);
  }
  const { status, statusText, headers } = answer;
  const isEmpty = status === 204 || status === 304;
  return new Response(isEmpty ? null : Buffer.concat(chunks), { status, statusText, headers });
}
