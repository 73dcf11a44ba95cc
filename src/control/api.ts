import { Hono, type Context } from 'hono';

import { answer, credentialsOf, refusal } from './answer.ts';
import { addAttackPages } from './attacks/routes.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import { addApprovalPage } from './approval-page.ts';
import { addCatalogue, type CatalogueParts } from './catalogue/routes.ts';
import type { ControlDeps } from './deps.ts';
import { frameCss, framePath } from './frame.ts';
import { addHealth, type ApiTelemetry } from './health.ts';
import type { ControlProblem } from './problem.ts';
import { nobody, type Actor } from './roles.ts';
import type { Route } from './route.ts';
import { icon } from './icon.ts';
import { equal } from './session.ts';
import { table } from './table.ts';

/** What the API and the pages are given. */
export interface ApiDeps extends ControlDeps {
  /** Files of the console, as they were built. */
  readonly consoleFiles: ConsoleFiles;
  /** What the gateway tells about itself; absent where nothing is measured. */
  readonly telemetry?: ApiTelemetry;
  /** The catalogue, which has pages of its own. */
  readonly catalogue?: CatalogueParts;
}

/** The port of the built console. */
export interface ConsoleFiles {
  /** Null where there is no such file; `/` and every page of the console are `index.html`. */
  read(path: string): Promise<ConsoleFile | null>;
}

export interface ConsoleFile {
  readonly body: Uint8Array<ArrayBuffer>;
  /** The same, compressed with gzip; null where that is not worth it. */
  readonly gzip: Uint8Array<ArrayBuffer> | null;
  readonly type: string;
  /** Whether its name changes with its contents, so that it may be kept for ever. */
  readonly lasting: boolean;
}

/** The control API and its pages, as one fetch handler. */
export function createApi(deps: ApiDeps): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    const { headers } = context.res;
    for (const [name, value] of Object.entries(pageHeaders)) headers.set(name, value);
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
  });
  for (const route of table) {
    const path = route.path.replace(/\{(\w+)\}/g, ':$1');
    app[route.method](path, (context) => operate(deps, route, context));
  }
  addPages(app, deps);
  if (deps.attackDatabase !== undefined) {
    const actorOf = (key: string, cookie: string): Promise<Actor | null> =>
      deps.sessions.actorOf(key, cookie);
    const snapshot = (): Snapshot => deps.registry.current();
    addAttackPages(app, { actorOf, snapshot }, deps.attackDatabase);
  }
  if (deps.catalogue !== undefined) addCatalogue(app, deps, deps.catalogue);
  app.notFound((context) =>
    context.json({ error: 'not-found', message: 'there is nothing here' }, 404),
  );
  app.onError((_error, context) =>
    context.json({ error: 'internal', message: 'internal error; nothing was changed' }, 500),
  );
  return app;
}

/** Nothing of another origin, and nothing that stands in a page instead of a file. */
const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // With `no-referrer` a browser sends `Origin: null` with a form, which is no known origin.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

async function operate(deps: ApiDeps, route: Route, context: Context): Promise<Response> {
  const foreign = foreignSite(route, context);
  if (foreign !== null) return refusal(context, foreign);
  const actor = await deps.sessions.actorOf(...credentialsOf(context));
  if (route.may !== 'anyone') {
    const refused = refusedTo(route, actor, context.req.header('x-portcullis-csrf') ?? '');
    if (refused !== null) return refusal(context, refused);
  }
  return answer(context, { deps, route, actor: actor ?? nobody });
}

/** A browser says when a page of another site made it ask. */
function foreignSite(route: Route, context: Context): ControlProblem | null {
  if (route.method === 'get') return null;
  const site = context.req.header('sec-fetch-site');
  if (site === undefined || site === 'same-origin' || site === 'none') return null;
  return { code: 'forbidden', message: 'this must be asked by a page of the gateway itself' };
}

function refusedTo(route: Route, actor: Actor | null, csrf: string): ControlProblem | null {
  if (actor === null) {
    const message = 'sign in, or send the operator key as a bearer token';
    return { code: 'unauthorized', message };
  }
  if (route.may !== 'anyone' && !route.may.includes(actor.role)) {
    const message = `a ${actor.role} may not do this; it takes one of: ${route.may.join(', ')}`;
    return { code: 'forbidden', message };
  }
  if (route.method === 'get' || actor.session === null) return null;
  if (equal(csrf, actor.session.csrf)) return null;
  const message = 'send the session token that `GET /api/v1/session` gives as `x-portcullis-csrf`';
  return { code: 'forbidden', message };
}

/** What is no operation: health for a supervisor, and the files of the console. */
function addPages(app: Hono, deps: ApiDeps): void {
  addHealth(app, deps);
  for (const path of ['/', '/sign-in', '/console']) {
    app.get(path, (context) => context.redirect('/console/', 303));
  }
  addApprovalPage(app, deps);
  app.get(framePath, (context) =>
    context.body(frameCss, 200, { 'content-type': 'text/css; charset=utf-8' }),
  );
  app.get('/icon.svg', (context) => context.body(icon, 200, { 'content-type': 'image/svg+xml' }));
  app.get('/console/*', async (context) => {
    const file = await deps.consoleFiles.read(context.req.path.slice('/console'.length));
    if (file === null) return context.notFound();
    const { body, gzip, type, lasting } = file;
    const small = (context.req.header('accept-encoding') ?? '').includes('gzip') ? gzip : null;
    return context.body(small ?? body, 200, {
      'content-type': type,
      'cache-control': lasting ? 'public, max-age=31536000, immutable' : 'no-cache',
      vary: 'accept-encoding',
      ...(small === null ? {} : { 'content-encoding': 'gzip' }),
    });
  });
}
