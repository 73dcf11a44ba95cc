import * as z from 'zod';

import { ok } from '../base/result.ts';
import { scopes } from '../policy/index.ts';
import type { ControlDeps } from './deps.ts';
import { grantsOf, viewOf } from './grants.ts';
import { limitPlaces, type LimitPlace } from './limit-stands.ts';
import { everyone } from './roles.ts';
import { route, type Route } from './route.ts';

const limitStand = z.object({
  counter: z.string(),
  scope: z.enum(scopes as [string, ...string[]]),
  /** Whose units are counted: a grant's label, a principal, a server, or `everyone`. */
  who: z.string(),
  /** Labels of the grants whose calls count in it, the first eight. */
  grants: z.array(z.string()),
  /** Null where the counter spans servers. */
  server: z.string().nullable(),
  /** The tools whose own rules have it; empty where it is for a category, or for all. */
  tools: z.array(z.string()),
  policy: z.string().nullable(),
  guardrail: z.string().nullable(),
  /** As records name it. */
  rule: z.string(),
  /** Counted for grants that observe: it would refuse, and does not. */
  observe: z.boolean(),
  used: z.number(),
  max: z.int(),
  /** Milliseconds; null counts calls under way. */
  windowMs: z.int().nullable(),
  align: z.enum(['sliding', 'minute', 'hour', 'day', 'month']),
});

const limitStands = z.object({
  /** Nearest to the top first; what nobody has used is not in it. */
  limits: z.array(limitStand),
  /** How many counters were looked at. */
  watched: z.int(),
  /** False where there are more counters than are looked at. */
  complete: z.boolean(),
  /** False while the counters' store does not answer: limited calls are refused meanwhile. */
  readable: z.boolean(),
  /** Counted together with other gateways, whose sessions are not listed. */
  shared: z.boolean(),
});

type LimitStand = z.output<typeof limitStand>;

/** Counters of one question to the store, so that calls are not held up behind it. */
const askedAtOnce = 250;
const grantsShown = 8;

export const limitRoutes: readonly Route[] = [
  route({
    id: 'listLimits',
    method: 'get',
    path: '/api/v1/limits',
    summary: 'How much of each limit is used now, nearest to its top first',
    may: everyone,
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(20) }),
    output: limitStands,
    handle: async (deps, { query }) => ok(await limitStandsOf(deps, query.limit)),
  }),
];

async function limitStandsOf(
  deps: ControlDeps,
  limit: number,
): Promise<z.output<typeof limitStands>> {
  const { counters, registry } = deps;
  const live = grantsOf(deps).filter((grant) => viewOf(deps, grant).state === 'live');
  const { places, complete } = limitPlaces(registry.current(), live, () => counters.sessions());
  const found: LimitStand[] = [];
  const answer = { watched: places.length, complete, shared: counters.shared };
  for (let at = 0; at < places.length; at += askedAtOnce) {
    const some = places.slice(at, at + askedAtOnce);
    const used = await counters.used(some.map(({ asked }) => asked));
    if (used === null) return { ...answer, limits: [], readable: false };
    for (const [index, place] of some.entries()) {
      const units = used[index] ?? 0;
      if (units > 0) found.push(standOf(place, units));
    }
  }
  const nearest = found.toSorted((a, b) => shareOf(b) - shareOf(a) || b.used - a.used);
  return { ...answer, limits: nearest.slice(0, limit), readable: true };
}

/** A limit of 0 is at its top with the first unit of another limit on its counter. */
function shareOf({ used, max }: LimitStand): number {
  return max === 0 ? 1 : used / max;
}

function standOf({ asked, max, rule, ...place }: LimitPlace, used: number): LimitStand {
  const { counter, scope, guardrail, observe, windowMs, align, who } = asked;
  const grants = place.grants.slice(0, grantsShown);
  return {
    counter,
    scope,
    who: scope === 'grant' || scope === 'session' ? (grants[0] ?? who) : who || 'everyone',
    grants,
    server: place.server,
    tools: [...place.tools],
    policy: place.policy,
    guardrail,
    rule: guardrail === null ? rule : `guardrail:${guardrail}#${rule}`,
    observe,
    used,
    max,
    windowMs,
    align,
  };
}
