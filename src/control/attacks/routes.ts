import type { Context, Hono } from 'hono';

import type { Attack } from '../../attacks/attack.ts';
import { reportCard, type ReportCard } from '../../attacks/report-card.ts';
import type { Snapshot } from '../../registry/snapshot.ts';
import { credentialsOf } from '../answer.ts';
import { sendPage } from '../frame.ts';
import type { Actor } from '../roles.ts';
import { choicesOf, newPolicy } from './apply.ts';
import { cardPage, type Carded } from './card-page.ts';
import type { AttackDatabase } from './database.ts';
import { entryPage, type InForce } from './entry-page.ts';
import { indexPage, orders, type Order } from './index-page.ts';
import { applyHref, attackPaths } from './layout.ts';

/** Who asks, and what is in force. */
export interface AttackPageDeps {
  /** Whoever signed in with these credentials; null for nobody. */
  readonly actorOf: (key: string, cookie: string) => Promise<Actor | null>;
  readonly snapshot: () => Snapshot;
}

type Handle = (context: Context, actor: Actor) => Promise<Response> | Response;

/** Adds the pages of the attack database; whoever is signed in may read them. */
export function addAttackPages(app: Hono, deps: AttackPageDeps, database: AttackDatabase): void {
  const page = (path: string, handle: Handle): void => {
    app.get(path, async (context) => {
      const actor = await deps.actorOf(...credentialsOf(context));
      return actor === null ? context.redirect('/sign-in', 303) : handle(context, actor);
    });
  };
  const entry = async (context: Context): Promise<Attack | null> => {
    const attacks = await database.attacks();
    return attacks.find(({ slug }) => slug === context.req.param('slug')) ?? null;
  };
  page(attackPaths.index, async (context, actor) => {
    const by = context.req.query('by') ?? '';
    const order: Order = orders.find((one) => one === by) ?? 'category';
    const [attacks, last] = await Promise.all([database.attacks(), database.lastRun()]);
    return sendPage(context, { page: indexPage(attacks, last, order), actor });
  });
  page(attackPaths.reportCard, async (context, actor) => {
    const snapshot = deps.snapshot();
    const { policy, server } = context.req.query();
    const carded = cardOf(await database.attacks(), snapshot, { policy, server });
    return sendPage(context, { page: cardPage(carded, choicesOf(snapshot)), actor });
  });
  page(`${attackPaths.index}/:slug`, async (context, actor) => {
    const attack = await entry(context);
    if (attack === null) return context.notFound();
    const snapshot = deps.snapshot();
    const own = { inForce: inForceOf(attack, snapshot), choices: choicesOf(snapshot) };
    return sendPage(context, { page: entryPage(attack, await database.lastRun(), own), actor });
  });
  page(`${attackPaths.index}/:slug/apply`, async (context) => {
    const attack = await entry(context);
    const { policy = '', server = '' } = context.req.query();
    if (attack === null || !deps.snapshot().servers.has(server)) return context.notFound();
    const name = policy === newPolicy ? attack.slug.slice(0, 32) : policy;
    return context.redirect(applyHref(name, server, attack.slug), 303);
  });
}

/** What each policy that a grant has for a server does with the attack, on that server's tools. */
function inForceOf(attack: Attack, snapshot: Snapshot): readonly InForce[] {
  return pairsOf(snapshot)
    .flatMap(({ server, policy }) => {
      const line = judged([attack], snapshot, { server, policy })?.lines[0];
      return line === undefined ? [] : [{ server, policy, line }];
    })
    .toSorted((a, b) => (a.server < b.server ? -1 : 1));
}

interface Pair {
  readonly server: string;
  readonly policy: string;
}

/** Every policy with each server that a grant has it for, once. */
function pairsOf(snapshot: Snapshot): readonly Pair[] {
  const pairs = new Map<string, Pair>();
  for (const grant of snapshot.grantsByToken.values()) {
    for (const [server, policy] of Object.entries(grant.policies)) {
      pairs.set(JSON.stringify([server, policy]), { server, policy });
    }
  }
  return [...pairs.values()];
}

/** The card of the pair that is asked for, else of the first that is in force. */
function cardOf(
  attacks: readonly Attack[],
  snapshot: Snapshot,
  asked: { readonly policy: string | undefined; readonly server: string | undefined },
): Carded | null {
  const [first] = pairsOf(snapshot).filter(
    ({ server, policy }) =>
      (asked.policy === undefined || policy === asked.policy) &&
      (asked.server === undefined || server === asked.server),
  );
  const { policies, servers } = choicesOf(snapshot);
  const policy = asked.policy ?? first?.policy ?? policies[0] ?? '';
  const server = asked.server ?? first?.server ?? servers[0] ?? '';
  const card = judged(attacks, snapshot, { server, policy });
  return card === null ? null : { policy, server, card };
}

/** The verdicts alone: what closes a gap is worked out on the text of the draft, when it is asked. */
function judged(
  attacks: readonly Attack[],
  snapshot: Snapshot,
  { server, policy }: Pair,
): ReportCard | null {
  const tools = snapshot.servers.get(server)?.tools ?? null;
  const compiled = snapshot.policies.get(policy)?.compiled;
  if (tools === null || compiled === undefined) return null;
  const pinned = [...tools.values()].filter(({ state }) => state === 'pinned');
  return reportCard(attacks, { document: {}, policy: compiled }, pinned);
}
