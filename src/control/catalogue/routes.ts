import type { Context, Hono } from 'hono';

import type { Attack } from '../../attacks/attack.ts';
import { abusesOf } from '../../catalogue/abuse.ts';
import type { CatalogueStore } from '../../catalogue/catalogue-store.ts';
import type { Search, ToolEntry } from '../../catalogue/entry.ts';
import { categories, risks } from '../../policy/index.ts';
import type { ControlDeps } from '../deps.ts';
import { grantsOf, viewOf } from '../grants.ts';
import { credentialsOf } from '../answer.ts';
import { policyWriters, type Actor } from '../roles.ts';
import { applyRule } from './apply.ts';
import { indexPage, kinds, pageSize, risksPage, serversPage } from './index-page.ts';
import { cataloguePage, paths } from './layout.ts';
import { consoleHref, overriddenServer, overriddenTool } from './overridden.ts';
import { sendPage, type FramedPage } from '../frame.ts';
import { llmsText } from './llms.ts';
import { changesPage, serverPage } from './server-page.ts';
import { documentOf, toolPage, type Applied, type AttackLink, type Target } from './tool-page.ts';
import { html } from 'hono/html';

/** The catalogue, and what its pages name beside it. */
export interface CatalogueParts {
  readonly store: CatalogueStore;
  /** Every entry of the attack database. */
  readonly attacks: () => Promise<readonly Attack[]>;
}

interface CataloguePages extends ControlDeps {
  readonly catalogue: CatalogueStore;
  readonly attacks: () => Promise<readonly Attack[]>;
}

type Handle = (context: Context, actor: Actor) => Promise<Response> | Response;

const changesShown = 200;
const attacksShown = 6;
const offsetMax = 100_000;

/** Adds the catalogue's pages; all but their style are for whoever is signed in. */
export function addCatalogue(
  app: Hono,
  control: ControlDeps,
  { store, attacks }: CatalogueParts,
): void {
  const deps: CataloguePages = { ...control, catalogue: store, attacks };
  for (const [path, handle] of pagesOf(deps)) {
    app.get(path, (context) => signedIn(deps, context, handle));
  }
  app.post('/catalogue/s/:server/t/:tool/apply', (context) =>
    signedIn(deps, context, (_, actor) => apply(deps, context, actor)),
  );
}

async function signedIn(deps: ControlDeps, context: Context, handle: Handle): Promise<Response> {
  const actor = await deps.sessions.actorOf(...credentialsOf(context));
  return actor === null ? context.redirect('/console/', 303) : handle(context, actor);
}

function pagesOf(deps: CataloguePages): readonly (readonly [string, Handle])[] {
  return [
    ['/llms.txt', (c) => c.text(llmsText)],
    [paths.index, (c, actor) => index(deps, c, actor)],
    [`${paths.index}/json`, (c) => index(deps, c, null)],
    [paths.servers, (c, actor) => servers(deps, c, actor)],
    [`${paths.servers}/json`, (c) => servers(deps, c, null)],
    [paths.risks, (c, actor) => riskLevels(deps, c, actor)],
    [`${paths.risks}/json`, (c) => c.json({ kinds })],
    [paths.changes, (c, actor) => changes(deps, c, actor)],
    [`${paths.changes}/json`, (c) => changes(deps, c, null)],
    ['/catalogue/s/:server', (c, actor) => server(deps, c, { as: 'html', actor })],
    ['/catalogue/s/:server/json', (c, actor) => server(deps, c, { as: 'json', actor })],
    ['/catalogue/s/:server/policy.json', (c, actor) => server(deps, c, { as: 'policy', actor })],
    ['/catalogue/s/:server/t/:tool', (c, actor) => tool(deps, c, { as: 'html', actor })],
    ['/catalogue/s/:server/t/:tool/json', (c, actor) => tool(deps, c, { as: 'json', actor })],
    [
      '/catalogue/s/:server/t/:tool/policy.json',
      (c, actor) => tool(deps, c, { as: 'policy', actor }),
    ],
  ];
}

/** Whoever is given reads the page; nobody, the same as JSON. */
async function index(
  deps: CataloguePages,
  context: Context,
  actor: Actor | null,
): Promise<Response> {
  const search = searchOf(context);
  const [found, status] = await Promise.all([
    deps.catalogue.searchTools(search),
    deps.catalogue.status(),
  ]);
  if (!found.ok) return failed(context, actor, found.error);
  if (!status.ok) return failed(context, actor, status.error);
  if (actor === null) return context.json({ search, ...found.value });
  const page = indexPage({ search, found: found.value, status: status.value });
  return sendPage(context, { page, actor });
}

async function servers(
  deps: CataloguePages,
  context: Context,
  actor: Actor | null,
): Promise<Response> {
  const { text, offset } = searchOf(context);
  const found = await deps.catalogue.searchServers({ text, offset, limit: pageSize });
  if (!found.ok) return failed(context, actor, found.error);
  if (actor === null) return context.json(found.value);
  const page = serversPage({ text, offset, found: found.value });
  return sendPage(context, { page, actor });
}

async function riskLevels(deps: CataloguePages, context: Context, actor: Actor): Promise<Response> {
  const none: Search = { text: '', category: null, risk: null, offset: 0, limit: 1 };
  const counts: Record<string, number> = {};
  for (const category of categories) {
    const found = await deps.catalogue.searchTools({ ...none, category });
    if (!found.ok) return failed(context, actor, found.error);
    counts[category] = found.value.total;
  }
  for (const risk of risks) {
    const found = await deps.catalogue.searchTools({ ...none, risk });
    if (!found.ok) return failed(context, actor, found.error);
    counts[risk] = found.value.total;
  }
  return sendPage(context, { page: risksPage(counts), actor });
}

async function changes(
  deps: CataloguePages,
  context: Context,
  actor: Actor | null,
): Promise<Response> {
  const found = await deps.catalogue.changes({ server: null, sinceMs: 0, limit: changesShown });
  if (!found.ok) return failed(context, actor, found.error);
  if (actor === null) return context.json(found.value);
  return sendPage(context, { page: changesPage(found.value), actor });
}

async function server(
  deps: CataloguePages,
  context: Context,
  { as, actor }: { readonly as: 'html' | 'json' | 'policy'; readonly actor: Actor },
): Promise<Response> {
  const slug = context.req.param('server') ?? '';
  const found = await deps.catalogue.server(slug);
  if (!found.ok) return failed(context, actor, found.error);
  if (found.value === null)
    return missing(context, actor, `There is no server ${slug} in the catalogue.`);
  const entry = await overriddenServer(deps, found.value, async (tool) => {
    const read = await deps.catalogue.tool(slug, tool);
    return read.ok ? (read.value?.definition ?? null) : null;
  });
  if (as === 'json') return context.json(entry);
  if (as === 'policy') return context.json(entry.policy);
  const history = await deps.catalogue.changes({ server: slug, sinceMs: 0, limit: changesShown });
  if (!history.ok) return failed(context, actor, history.error);
  return sendPage(context, { page: serverPage(entry, history.value), actor });
}

async function tool(
  deps: CataloguePages,
  context: Context,
  { as, actor }: { readonly as: 'html' | 'json' | 'policy'; readonly actor: Actor },
): Promise<Response> {
  const found = await toolOf(deps, context, actor);
  if (found instanceof Response) return found;
  if (as === 'json') return context.json(found);
  if (as === 'policy') return context.json(documentOf(found));
  return sendPage(context, { page: await shownTool(deps, found, { actor, applied: null }), actor });
}

async function apply(deps: CataloguePages, context: Context, actor: Actor): Promise<Response> {
  const found = await toolOf(deps, context, actor);
  if (found instanceof Response) return found;
  const applied = await applyRule(deps, context, { tool: found, actor });
  const page = await shownTool(deps, found, { actor, applied });
  return sendPage(context, { page, actor, status: applied.ok ? 200 : 409 });
}

async function shownTool(
  deps: CataloguePages,
  found: ToolEntry,
  { actor, applied }: { readonly actor: Actor; readonly applied: Applied | null },
): Promise<FramedPage> {
  const mayChange = policyWriters.includes(actor.role);
  return toolPage({
    tool: found,
    targets: mayChange ? targetsOf(deps) : [],
    sayHref: mayChange ? await consoleHref(deps, found) : null,
    csrf: actor.session?.csrf ?? '',
    attacks: attacksOn(await deps.attacks(), found),
    applied,
  });
}

/** Live grants with the policies that can be edited here: those in the operator's file cannot. */
export function targetsOf(deps: ControlDeps): readonly Target[] {
  const live = grantsOf(deps).filter((grant) => viewOf(deps, grant).state === 'live');
  return live.flatMap((grant) =>
    grant.servers.flatMap((server) => {
      const policy = grant.policies[server];
      const fixed = policy === undefined || deps.registry.isDeclaredPolicy(policy);
      return fixed ? [] : [{ grant: grant.label, server, policy }];
    }),
  );
}

function attacksOn(known: readonly Attack[], found: ToolEntry): readonly AttackLink[] {
  const wanted = abusesOf(found);
  const rank = ({ facts }: Attack): number => {
    const places = facts.abuses.map((abuse) => wanted.indexOf(abuse)).filter((at) => at >= 0);
    return Math.min(Infinity, ...places);
  };
  return known
    .filter((attack) => rank(attack) < Infinity)
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, attacksShown)
    .map(({ slug, facts: { id, title, summary } }) => ({
      id,
      title,
      summary,
      href: `/attacks/${slug}`,
      policy: `attacks/${slug}/policy.json`,
    }));
}

async function toolOf(
  deps: CataloguePages,
  context: Context,
  actor: Actor,
): Promise<ToolEntry | Response> {
  const slug = context.req.param('tool') ?? '';
  const found = await deps.catalogue.tool(context.req.param('server') ?? '', slug);
  if (!found.ok) return failed(context, actor, found.error);
  return found.value === null
    ? missing(context, actor, `There is no tool ${slug} of that server in the catalogue.`)
    : overriddenTool(deps, found.value);
}

function searchOf(context: Context): Search {
  const { q = '', category = '', risk = '', from = '' } = context.req.query();
  const offset = /^[0-9]{1,6}$/.test(from) ? Math.min(Number(from), offsetMax) : 0;
  return {
    text: q.trim().slice(0, 200),
    category: categories.find((one) => one === category) ?? null,
    risk: risks.find((one) => one === risk) ?? null,
    offset,
    limit: pageSize,
  };
}

/** Whoever reads JSON, for whom there is no page, is told as JSON. */
function missing(context: Context, actor: Actor | null, message: string): Promise<Response> {
  return sendNote(context, { actor, title: 'Not found', message, status: 404 });
}

function failed(context: Context, actor: Actor | null, problem: string): Promise<Response> {
  const title = 'The catalogue cannot be read';
  return sendNote(context, { actor, title, message: `${problem}. Try again.`, status: 503 });
}

async function sendNote(
  context: Context,
  about: {
    readonly actor: Actor | null;
    readonly title: string;
    readonly message: string;
    readonly status: 404 | 503;
  },
): Promise<Response> {
  const { actor, title, message, status } = about;
  if (actor === null) return context.json({ error: title, message }, status);
  const content = html`<h1>${title}</h1>
    <p>${message}</p>`;
  const trail = [{ name: 'Catalogue', path: paths.index }];
  return sendPage(context, {
    page: cataloguePage({ title, trail, json: null, content }),
    actor,
    status,
  });
}
