import type { Context, Hono } from 'hono';

import type { Attack } from '../../attacks/attack.ts';
import type { LastRun } from '../../attacks/last-run.ts';
import { reportCard } from '../../attacks/report-card.ts';
import type { Snapshot } from '../../registry/snapshot.ts';
import { credentialsOf } from '../answer.ts';
import { entryPage, type InForce } from './entry-page.ts';
import { indexPage, orders, type Order } from './index-page.ts';
import { styleSheet } from './layout.ts';

/** The port of the attack database. */
export interface AttackDatabase {
  /** Every entry; none when the database cannot be read. */
  attacks(): Promise<readonly Attack[]>;
  /** The last replay on this installation; null when there is none. */
  lastRun(): Promise<LastRun | null>;
}

/** Who asks, and what is in force. */
export interface AttackPageDeps {
  /** Whoever signed in with these credentials; null for nobody. */
  readonly actorOf: (key: string, cookie: string) => Promise<object | null>;
  readonly snapshot: () => Snapshot;
}

/** Adds the pages of the attack database; whoever is signed in may read them. */
export function addAttackPages(app: Hono, deps: AttackPageDeps, database: AttackDatabase): void {
  const css = { 'content-type': 'text/css; charset=utf-8' };
  app.get('/attacks/style.css', (context) => context.body(styleSheet, 200, css));
  const signedIn = async (context: Context): Promise<boolean> =>
    (await deps.actorOf(...credentialsOf(context))) !== null;
  app.get('/attacks', async (context) => {
    if (!(await signedIn(context))) return context.redirect('/sign-in', 303);
    const by = context.req.query('by') ?? '';
    const order: Order = orders.find((one) => one === by) ?? 'category';
    const [attacks, last] = await Promise.all([database.attacks(), database.lastRun()]);
    return context.html(indexPage(attacks, last, order));
  });
  app.get('/attacks/:slug', async (context) => {
    if (!(await signedIn(context))) return context.redirect('/sign-in', 303);
    const attacks = await database.attacks();
    const attack = attacks.find(({ slug }) => slug === context.req.param('slug'));
    if (attack === undefined) return context.notFound();
    const inForce = inForceOf(attack, deps.snapshot());
    return context.html(entryPage(attack, await database.lastRun(), inForce));
  });
}

/** What each policy that a grant has for a server does with the attack, on that server's tools. */
function inForceOf(attack: Attack, snapshot: Snapshot): readonly InForce[] {
  const pairs = new Set<string>();
  const found: InForce[] = [];
  for (const grant of snapshot.grantsByToken.values()) {
    for (const [server, name] of Object.entries(grant.policies)) {
      const tools = snapshot.servers.get(server)?.tools ?? null;
      const policy = snapshot.policies.get(name);
      const pair = JSON.stringify([server, name]);
      if (tools === null || policy === undefined || pairs.has(pair)) continue;
      pairs.add(pair);
      const pinned = [...tools.values()].filter(({ state }) => state === 'pinned');
      const judged = { document: {}, policy: policy.compiled };
      const [line] = reportCard([attack], judged, pinned).lines;
      if (line !== undefined) found.push({ server, policy: name, line });
    }
  }
  return found.toSorted((a, b) => (a.server < b.server ? -1 : 1));
}
