import { Hono, type Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

import type { Clock } from '../base/clock.ts';
import type { Result } from '../base/result.ts';
import type { Control, ControlProblem } from './operations.ts';
import { icon, overviewPage, signInPage, styleSheet, type RecentDecision } from './pages.ts';
import { cookieName, equal, isSession, newSession, sessionMs } from './session.ts';

/** What the API and the pages are given. */
export interface ApiDeps {
  readonly control: Control;
  readonly clock: Clock;
  /** The operator's key: carried by the CLI, asked for by the sign-in page. */
  readonly operatorKey: string;
  /** The newest records, for the overview. */
  readonly recent: (count: number) => Promise<readonly RecentDecision[]>;
  /** False while calls would be refused because nothing can be recorded. */
  readonly ready: () => boolean;
  readonly version: string;
  /** Where the operator finds the key, for the sign-in page. */
  readonly keyPlace: string;
}

/** Who may call a route: anyone, the operator's key alone, or a signed-in page as well. */
export type RouteAuth = 'open' | 'operator' | 'page';

interface Route {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly auth: RouteAuth;
  readonly handle: (context: Context) => Promise<Response> | Response;
}

const statusOf: Readonly<Record<ControlProblem['code'], 400 | 403 | 404 | 409 | 503>> = {
  invalid: 400,
  'not-found': 404,
  conflict: 409,
  'read-only': 403,
  'not-recorded': 503,
};

/** What the pages are drawn with. */
const looks: readonly Route[] = [
  {
    method: 'get',
    path: '/style.css',
    auth: 'open',
    handle: (c) => c.body(styleSheet, 200, { 'content-type': 'text/css; charset=utf-8' }),
  },
  {
    method: 'get',
    path: '/icon.svg',
    auth: 'open',
    handle: (c) => c.body(icon, 200, { 'content-type': 'image/svg+xml' }),
  },
];

/** Every route, each with who may call it; a route that is not here does not exist. */
export function routes(deps: ApiDeps): readonly Route[] {
  const { control } = deps;
  const actor = 'operator';
  return [
    { method: 'get', path: '/healthz', auth: 'open', handle: (c) => c.json({ ok: true }) },
    { method: 'get', path: '/readyz', auth: 'open', handle: (c) => readiness(deps, c) },
    { method: 'get', path: '/', auth: 'page', handle: (c) => overview(deps, c) },
    ...looks,
    {
      method: 'get',
      path: '/sign-in',
      auth: 'open',
      handle: (c) => c.html(signInPage(deps.keyPlace, false)),
    },
    { method: 'post', path: '/sign-in', auth: 'open', handle: (c) => signIn(deps, c) },
    { method: 'get', path: '/api/v1/status', auth: 'operator', handle: (c) => status(deps, c) },
    {
      method: 'get',
      path: '/api/v1/grants',
      auth: 'operator',
      handle: async (c) => c.json(await control.listGrants()),
    },
    {
      method: 'post',
      path: '/api/v1/grants',
      auth: 'operator',
      handle: async (c) => answer(c, await control.createGrant(actor, await body(c))),
    },
    {
      method: 'post',
      path: '/api/v1/grants/:name/revoke',
      auth: 'operator',
      handle: async (c) => answer(c, await control.revokeGrant(actor, c.req.param('name') ?? '')),
    },
    {
      method: 'post',
      path: '/api/v1/grants/:name/rotate',
      auth: 'operator',
      handle: async (c) => answer(c, await control.rotateGrant(actor, c.req.param('name') ?? '')),
    },
    {
      method: 'get',
      path: '/api/v1/servers',
      auth: 'operator',
      handle: async (c) => c.json(await control.listServers()),
    },
    {
      method: 'get',
      path: '/api/v1/servers/:name/pins',
      auth: 'operator',
      handle: async (c) => answer(c, await control.listPins(c.req.param('name') ?? '')),
    },
    {
      method: 'post',
      path: '/api/v1/servers/:name/pins/accept',
      auth: 'operator',
      handle: (c) => acceptPins(deps, actor, c),
    },
  ];
}

/** The control API and its pages, as one fetch handler. */
export function createApi(deps: ApiDeps): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(pageHeaders)) context.res.headers.set(name, value);
  });
  for (const route of routes(deps)) {
    app[route.method](route.path, async (context) => {
      const refusal = authorize(deps, route.auth, context);
      return refusal ?? route.handle(context);
    });
  }
  app.notFound((context) =>
    context.json({ error: 'not-found', message: 'there is nothing here' }, 404),
  );
  app.onError((_error, context) =>
    context.json({ error: 'internal', message: 'internal error; nothing was changed' }, 500),
  );
  return app;
}

/** A sign-in is a key and its name. */
const signInBytesMax = 4_096;

const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // With `no-referrer` a browser sends `Origin: null` with the form, which is no known origin.
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
};

function authorize(deps: ApiDeps, auth: RouteAuth, context: Context): Response | null {
  if (auth === 'open') return null;
  const header = context.req.header('authorization') ?? '';
  if (header.startsWith('Bearer ') && equal(header.slice(7), deps.operatorKey)) return null;
  if (auth === 'operator') {
    return context.json(
      { error: 'unauthorized', message: 'send the operator key as a bearer token' },
      401,
    );
  }
  const cookie = getCookie(context, cookieName) ?? '';
  if (isSession(deps.operatorKey, cookie, deps.clock.nowMs())) return null;
  return context.redirect('/sign-in', 303);
}

async function signIn(deps: ApiDeps, context: Context): Promise<Response> {
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return context.html(signInPage(deps.keyPlace, true), 403);
  }
  const refused = unreadForm(context);
  if (refused !== null) return context.text('send the key, and no more', refused);
  const form = await context.req.parseBody();
  const key = form['key'];
  if (typeof key !== 'string' || !equal(key.trim(), deps.operatorKey)) {
    return context.html(signInPage(deps.keyPlace, true), 403);
  }
  const expiresMs = deps.clock.nowMs() + sessionMs;
  setCookie(context, cookieName, newSession(deps.operatorKey, expiresMs), {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: sessionMs / 1000,
  });
  return context.redirect('/', 303);
}

/** Anyone may post here: what is no short form is not read. */
function unreadForm(context: Context): 413 | 415 | null {
  const [type = ''] = (context.req.header('content-type') ?? '').split(';', 1);
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') return 415;
  if (context.req.header('transfer-encoding') !== undefined) return 413;
  const length = Number(context.req.header('content-length') ?? 0);
  return length <= signInBytesMax ? null : 413;
}

async function overview(deps: ApiDeps, context: Context): Promise<Response> {
  const [servers, grants, recent] = await Promise.all([
    deps.control.listServers(),
    deps.control.listGrants(),
    deps.recent(25),
  ]);
  const labels = new Map(grants.map((grant) => [grant.id, grant.label]));
  const named = recent.map((entry) => ({
    ...entry,
    grant: labels.get(entry.grant) ?? entry.grant,
  }));
  return context.html(
    overviewPage({ servers, grants, recent: named, ready: deps.ready(), version: deps.version }),
  );
}

function readiness(deps: ApiDeps, context: Context): Response {
  return deps.ready()
    ? context.json({ ready: true })
    : context.json(
        { ready: false, reason: 'records cannot be made durable; calls are refused' },
        503,
      );
}

async function status(deps: ApiDeps, context: Context): Promise<Response> {
  const servers = await deps.control.listServers();
  return context.json({ version: deps.version, ready: deps.ready(), servers });
}

async function acceptPins(deps: ApiDeps, actor: string, context: Context): Promise<Response> {
  const wanted = await body(context);
  const tools =
    typeof wanted === 'object' && wanted !== null && 'tools' in wanted ? wanted.tools : null;
  if (
    tools !== null &&
    !(Array.isArray(tools) && tools.every((tool) => typeof tool === 'string'))
  ) {
    return context.json(
      { error: 'invalid', message: '/tools: a list of names, or null for all' },
      400,
    );
  }
  return answer(
    context,
    await deps.control.acceptPins(actor, context.req.param('name') ?? '', tools),
  );
}

async function body(context: Context): Promise<unknown> {
  if (!(context.req.header('content-type') ?? '').startsWith('application/json')) return null;
  const text = await context.req.text();
  if (text.length > 1_048_576) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function answer<T>(context: Context, result: Result<T, ControlProblem>): Response {
  if (result.ok) return context.json(result.value as object);
  const { code, message } = result.error;
  return context.json({ error: code, message }, statusOf[code]);
}
