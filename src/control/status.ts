import * as z from 'zod';

import { ok } from '../base/result.ts';
import { everyone } from './roles.ts';
import { route, type Route } from './route.ts';
import { serverViews } from './servers.ts';

export const statusRoutes: readonly Route[] = [
  route({
    id: 'getStatus',
    method: 'get',
    path: '/api/v1/status',
    summary: 'Whether calls are judged and recorded now, and by which version',
    may: everyone,
    output: z.object({
      version: z.string(),
      ready: z.boolean(),
      servers: z.array(z.object({ name: z.string() })),
    }),
    handle: (deps) =>
      ok({ version: deps.version, ready: deps.ready(), servers: serverViews(deps) }),
  }),
];
