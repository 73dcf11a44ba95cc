import type { Context } from 'hono';

import type { ToolEntry } from '../../catalogue/entry.ts';
import type { HeldAttempts, HeldCookie } from '../cookies.ts';
import { policyWriters, type Actor } from '../roles.ts';
import type { ControlDeps } from '../deps.ts';
import { policyRoutes } from '../policies.ts';
import { equal } from '../session.ts';
import type { Applied } from './tool-page.ts';

const formBytesMax = 4_096;

/**
 * Puts the recommended rule of a tool into a policy: the operation of the API, called by a form.
 * Only a page of this gateway may send the form; the session's cookie is not sent across sites.
 */
export async function applyRule(
  deps: ControlDeps,
  context: Context,
  { tool, actor }: { readonly tool: ToolEntry; readonly actor: Actor },
): Promise<Applied> {
  if (!isOwnForm(context))
    return refused('The form did not come from this page. Nothing was changed.');
  if (!policyWriters.includes(actor.role)) return refused('Your role may not change policies.');
  const form = await context.req.parseBody();
  const { policy, csrf } = form;
  if (actor.session !== null && !(typeof csrf === 'string' && equal(csrf, actor.session.csrf))) {
    return refused('The form is of another session. Load the page again.');
  }
  if (typeof policy !== 'string') return refused('Choose a policy.');
  const basis = deps.registry.current().policies.get(policy)?.version;
  const operation = policyRoutes.find(({ id }) => id === 'setToolRule');
  if (basis === undefined) return refused(`There is no policy ${policy}.`);
  if (operation === undefined || operation.handle === null) return refused('Rules cannot be set.');
  const done = await operation.handle(deps, {
    actor,
    params: { name: policy, tool: tool.name },
    input: { rule: tool.policy, basis },
    query: null,
    page: { origin: '', host: '' },
    attempts: noAttempts,
    setSession() {},
    signal: context.req.raw.signal,
  });
  if (!done.ok) return refused(`Nothing was changed: ${done.error.message}.`);
  return {
    ok: true,
    message: `The rule for ${tool.name} is in force in policy ${policy}, version ${basis + 1}.`,
  };
}

const noCookie: HeldCookie = { value: '', set() {} };
const noAttempts: HeldAttempts = { passkey: noCookie, oidc: noCookie };

/** A short form of this origin's: the browser says where a form came from. */
function isOwnForm(context: Context): boolean {
  const { req } = context;
  const site = req.header('sec-fetch-site');
  const origin = req.header('origin');
  const [type = ''] = (req.header('content-type') ?? '').split(';', 1);
  return (
    (site === undefined
      ? origin === undefined || sameHost(origin, context)
      : site === 'same-origin') &&
    (origin === undefined || sameHost(origin, context)) &&
    type.trim().toLowerCase() === 'application/x-www-form-urlencoded' &&
    req.header('transfer-encoding') === undefined &&
    Number(req.header('content-length') ?? 0) <= formBytesMax
  );
}

function sameHost(origin: string, context: Context): boolean {
  return URL.parse(origin)?.host === context.req.header('host');
}

function refused(message: string): Applied {
  return { ok: false, message };
}
