import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import Provider, { type Configuration } from 'oidc-provider';

import type { Scope } from './scope.ts';

/** A provider on a free port of this machine. */
export interface OidcServer {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A real OpenID provider, which lets in whoever is named. */
export interface RealProvider extends OidcServer {
  /** Who signs in next: their subject, and claims that its ID tokens carry. */
  next: { readonly subject: string; readonly claims: Readonly<Record<string, unknown>> };
  /** Serves, for a console at these addresses to come back to. */
  serve(...redirectUris: readonly string[]): void;
  /** Ends it; nothing listens on its port then. */
  close(): Promise<void>;
}

const client = { clientId: 'portcullis', clientSecret: randomBytes(24).toString('hex') };

/** Starts `oidc-provider` for one client, without a page of its own: it asks nobody anything. */
export async function startProvider(scope: Scope): Promise<RealProvider> {
  const { server, issuer } = await listen();
  const close = endOf(server);
  scope.after(close);
  const real: RealProvider = {
    ...client,
    issuer,
    next: { subject: '', claims: {} },
    close,
    serve: (...redirectUris) => {
      const provider = new Provider(issuer, settings(real, redirectUris));
      const handle = provider.callback();
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        if (request.url?.startsWith('/let-in/') !== true) return void handle(request, response);
        const login = { accountId: real.next.subject };
        void provider.interactionFinished(request, response, { login });
      });
    },
  };
  return real;
}

function settings(real: RealProvider, redirectUris: readonly string[]): Configuration {
  return {
    clients: [
      {
        client_id: real.clientId,
        client_secret: real.clientSecret,
        redirect_uris: [...redirectUris],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    claims: { openid: ['sub', 'groups'], profile: ['preferred_username'] },
    // What is asked for by a scope is in the ID token, as most providers have it.
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(16).toString('hex')] },
    jwks: { keys: [{ ...newKey().export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/let-in/${uid}` },
    pkce: { required: () => true },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, ...real.next.claims }),
    }),
    loadExistingGrant: async (context) => {
      const { provider, session } = context.oidc;
      const accountId = session?.accountId ?? '';
      const grant = new provider.Grant({ clientId: real.clientId, accountId });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
  };
}

/** Goes where a sign-in leads, as a browser does; what it is sent back to `returnUrl` with. */
export async function walk(url: string, returnUrl: string): Promise<string> {
  const cookies = new Map<string, string>();
  let next = url;
  for (let steps = 0; steps < 10; steps += 1) {
    if (next.startsWith(returnUrl)) return new URL(next).search;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(next, { redirect: 'manual', headers: { cookie } });
    await answer.body?.cancel();
    for (const one of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(one) ?? [];
      cookies.set(name, value);
    }
    next = new URL(answer.headers.get('location') ?? '', next).href;
  }
  throw new Error('the provider does not send the browser back');
}

/** What a provider that lies says otherwise than it should. */
export interface Lies {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** A key that is not in its key set. */
  readonly otherKey?: boolean;
  readonly unsigned?: boolean;
  /** The token endpoint's answer, in place of a token. */
  readonly status?: number;
  readonly body?: string;
  /** What that answer waits for. */
  readonly held?: Promise<unknown>;
}

export interface LyingProvider extends OidcServer {
  /** What the next token is made to be; `nonce` is that of the sign-in under way. */
  lie(lies: Lies, nonce: string): void;
  /** How often a code was exchanged. */
  exchanges(): number;
  close(): Promise<void>;
}

/** A provider whose description is in order, and whose tokens are not. */
export async function startLyingProvider(scope: Scope): Promise<LyingProvider> {
  const { server, issuer } = await listen();
  const close = endOf(server);
  scope.after(close);
  const key = newKey();
  const otherKey = newKey();
  let lies: Lies = {};
  let nonce = '';
  let exchanges = 0;
  const answers: Readonly<Record<string, () => unknown>> = {
    '/.well-known/openid-configuration': () => description(issuer),
    '/jwks': () => ({ keys: [publicJwk(key)] }),
    '/token': () => {
      exchanges += 1;
      const signedBy = lies.otherKey === true ? otherKey : key;
      const token = idToken({ issuer, nonce, lies }, signedBy);
      return { access_token: 'at', token_type: 'bearer', id_token: token };
    },
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const isToken = request.url === '/token';
    const made = answers[request.url ?? '']?.();
    const status = made === undefined ? 404 : isToken ? (lies.status ?? 200) : 200;
    const body = isToken && lies.body !== undefined ? lies.body : JSON.stringify(made ?? {});
    const end = (): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };
    if (isToken && lies.held !== undefined) void lies.held.then(end);
    else end();
  });
  return {
    ...client,
    issuer,
    close,
    exchanges: () => exchanges,
    lie: (next, sent) => {
      lies = next;
      nonce = sent;
    },
  };
}

function description(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_response_iss_parameter_supported: true,
  };
}

interface TokenParts {
  readonly issuer: string;
  readonly nonce: string;
  readonly lies: Lies;
}

/** An ID token in order, but for the lies (OpenID Connect Core, §2). */
function idToken({ issuer, nonce, lies }: TokenParts, key: KeyObject): string {
  const now = Math.floor(Date.now() / 1000);
  const unsigned = lies.unsigned === true;
  const header = { alg: unsigned ? 'none' : 'RS256', kid: 'k1', typ: 'JWT', ...lies.header };
  const claims = {
    iss: issuer,
    sub: 'subject-1',
    aud: client.clientId,
    exp: now + 300,
    iat: now,
    nonce,
    groups: ['security'],
    preferred_username: 'anna',
    ...lies.claims,
  };
  const parts = [header, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const text = parts.join('.');
  return `${text}.${unsigned ? '' : sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

function newKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
}

function publicJwk(key: KeyObject): object {
  const { n, e, kty } = key.export({ format: 'jwk' });
  return { n, e, kty, kid: 'k1', alg: 'RS256', use: 'sig' };
}

async function listen(): Promise<{ readonly server: Server; readonly issuer: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an AddressInfo, never a pipe's name.
  const { port } = server.address() as AddressInfo;
  return { server, issuer: `http://127.0.0.1:${port}` };
}

function endOf(server: Server): () => Promise<void> {
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}
