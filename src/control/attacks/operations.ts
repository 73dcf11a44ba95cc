import { setImmediate as nextTurn } from 'node:timers/promises';

import * as z from 'zod';

import { isObject, jsonOf } from '../../attacks/json.ts';
import { reportCard, type CardLine } from '../../attacks/report-card.ts';
import { ok } from '../../base/result.ts';
import { compilePolicy, parsePolicy } from '../../policy/index.ts';
import { conflict, invalid, missing } from '../problem.ts';
import { everyone } from '../roles.ts';
import { route, type Route } from '../route.ts';

const gap = z.object({
  tool: z.string(),
  what: z.string(),
  /** Merged into the document it closes the gap; null where no single rule does. */
  fix: z.record(z.string(), z.json()).nullable(),
});

const tried = z.object({
  id: z.string(),
  slug: z.string(),
  title: z.string(),
  verdict: z.enum(['gateway', 'none', 'stopped', 'held', 'limited', 'through']),
  gaps: z.array(gap),
  /** The entry's own policy, for the servers of its scenario. */
  policy: z.string(),
});

/** What can be asked of the attack database about a draft. Nothing is sent to any server. */
export const attackRoutes: readonly Route[] = [
  route({
    id: 'tryAttacks',
    method: 'post',
    path: '/api/v1/policy-trials/attacks',
    summary: 'What a draft does with an attack on the tools of a server, and what closes each gap',
    may: everyone,
    input: z.strictObject({
      document: z.string().max(1_048_576),
      server: z.string().max(64),
      /** The name of an entry; null for all of them. */
      attack: z.string().max(64).nullable(),
    }),
    output: z.object({ attacks: z.array(tried) }),
    handle: async ({ registry, attackDatabase }, { input }) => {
      const server = registry.current().servers.get(input.server);
      if (server === undefined) return missing('server', input.server);
      if (server.tools === null) {
        return conflict(`the tools of \`${input.server}\` were not read yet; try again`);
      }
      const all = (await attackDatabase?.attacks()) ?? [];
      const wanted = all.filter(({ slug }) => input.attack === null || slug === input.attack);
      if (wanted.length === 0) return missing('attack', input.attack ?? 'all');
      const document = jsonOf(input.document);
      const parsed = parsePolicy(input.document);
      const policy = parsed.ok ? compilePolicy(parsed.value) : parsed;
      if (!policy.ok || !isObject(document)) return invalid('/document: it does not load');
      const pinned = [...server.tools.values()].filter(({ state }) => state === 'pinned');
      const lines: CardLine[] = [];
      for (const attack of wanted) {
        lines.push(...reportCard([attack], { document, policy: policy.value }, pinned).lines);
        // Calls have a turn between two attacks: a server may have a thousand tools.
        await nextTurn();
      }
      const own = new Map(
        wanted.map((one) => [one.slug, `${JSON.stringify(one.policy, null, 2)}\n`]),
      );
      return ok({
        attacks: lines.map(({ id, slug, title, verdict, gaps }) => {
          return { id, slug, title, verdict, gaps, policy: own.get(slug) ?? '' };
        }),
      });
    },
  }),
];
