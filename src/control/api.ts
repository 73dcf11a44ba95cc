import { Hono, type Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

import { answer, refusal } from './answer.ts';
import type { ControlDeps } from './deps.ts';
import { grantsOf, viewOf } from './grants.ts';
import { icon, overviewPage, signInPage, styleSheet } from './pages.ts';
import type { ControlProblem } from './problem.ts';
import { recentOf } from './recent.ts';
import type { Actor, Role } from './roles.ts';
import { serverViews } from './servers.ts';
import { table } from './table.ts';
import { cookieName, equal, isSession, newSession, sessionMs } from './session.ts';

/** What the API and the pages are given. */
export interface ApiDeps extends ControlDeps {
  /** The operator's key: carried by the CLI, asked for by the sign-in page. */
  readonly operatorKey: string;
  /** Where the operator finds the key, for the sign-in page. */
  readonly keyPlace: string;
}

/** A page, or what pages are drawn with: HTML, not an operation. */
interface Page {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly auth: 'open' | 'signed-in';
  readonly handle: (context: Context) => Promise<Response> | Response;
}

/** What the pages are drawn with. */
const looks: readonly Page[] = [
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

/** What is not an operation: health for a supervisor, and the pages. */
function pages(deps: ApiDeps): readonly Page[] {
  const { keyPlace } = deps;
  return [
    { method: 'get', path: '/healthz', auth: 'open', handle: (c) => c.json({ ok: true }) },
    { method: 'get', path: '/readyz', auth: 'open', handle: (c) => readiness(deps, c) },
    { method: 'get', path: '/', auth: 'signed-in', handle: (c) => overview(deps, c) },
    ...looks,
    {
      method: 'get',
      path: '/sign-in',
      auth: 'open',
      handle: (c) => c.html(signInPage(keyPlace, false)),
    },
    { method: 'post', path: '/sign-in', auth: 'open', handle: (c) => signIn(deps, c) },
  ];
}

/** The control API and its pages, as one fetch handler. */
export function createApi(deps: ApiDeps): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(pageHeaders)) context.res.headers.set(name, value);
  });
  for (const { method, path, auth, handle } of pages(deps)) {
    app[method](path, async (context) => {
      const signedIn = auth === 'open' || isSignedIn(deps, context);
      return signedIn ? handle(context) : context.redirect('/sign-in', 303);
    });
  }
  for (const route of table) {
    app[route.method](route.path.replace(/\{(\w+)\}/g, ':$1'), (context) => {
      const actor = actorOf(deps, context);
      if (route.may !== 'anyone' && actor === null) return refusal(context, unauthorized);
      const asking = actor ?? nobody;
      if (route.may !== 'anyone' && !route.may.includes(asking.role)) {
        return refusal(context, forbidden(asking, route.may));
      }
      return answer(context, { deps, route, actor: asking });
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

const unauthorized: ControlProblem = {
  code: 'unauthorized',
  message: 'send the operator key as a bearer token, or sign in',
};

const nobody: Actor = { name: 'nobody', role: 'viewer', session: null };

function forbidden(actor: Actor, may: readonly Role[]): ControlProblem {
  const message = `a ${actor.role} may not do this; it takes one of: ${may.join(', ')}`;
  return { code: 'forbidden', message };
}

/** Who asks, by the operator's key; null for nobody that is known. */
function actorOf(deps: ApiDeps, context: Context): Actor | null {
  const header = context.req.header('authorization') ?? '';
  const known = header.startsWith('Bearer ') && equal(header.slice(7), deps.operatorKey);
  return known ? { name: 'operator', role: 'admin', session: null } : null;
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

function isSignedIn(deps: ApiDeps, context: Context): boolean {
  if (actorOf(deps, context) !== null) return true;
  const cookie = getCookie(context, cookieName) ?? '';
  return isSession(deps.operatorKey, cookie, deps.clock.nowMs());
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
  const servers = serverViews(deps);
  const grants = grantsOf(deps).map((grant) => viewOf(deps, grant));
  const recent = await recentOf(deps, 25);
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
