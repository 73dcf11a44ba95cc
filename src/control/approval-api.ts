import { Hono } from 'hono';

import { answer, refusal } from './answer.ts';
import { approvalRoutes } from './approval-operations.ts';
import type { ApprovalControl } from './approvals.ts';
import type { ControlDeps } from './deps.ts';
import type { Actor } from './roles.ts';
import { equal } from './session.ts';

const operator: Actor = { name: 'operator', role: 'admin', session: null };

/** The operations on held calls alone, for whoever has the key: what a wrapped server offers. */
export function createApprovalApi(own: {
  readonly approvals: ApprovalControl;
  readonly operatorKey: string;
}): Hono {
  const app = new Hono();
  // The routes of approvals use `approvals` of their deps, and nothing else.
  const deps = { approvals: own.approvals } as unknown as ControlDeps;
  for (const route of approvalRoutes) {
    app[route.method](route.path.replace(/\{(\w+)\}/g, ':$1'), (context) => {
      const header = context.req.header('authorization') ?? '';
      const known = header.startsWith('Bearer ') && equal(header.slice(7), own.operatorKey);
      if (known) return answer(context, { deps, route, actor: operator });
      return refusal(context, { code: 'unauthorized', message: 'send the key of the folder' });
    });
  }
  const message = 'only held calls are answered here';
  app.notFound((context) => context.json({ error: 'not-found', message }, 404));
  app.onError((_error, context) =>
    context.json({ error: 'internal', message: 'internal error; nothing was changed' }, 500),
  );
  return app;
}
