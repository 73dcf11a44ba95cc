import * as z from 'zod';

import { err, ok, type Result } from '../base/result.ts';
import type { User } from '../identity/user.ts';
import { notRecorded } from './change.ts';
import type { ControlDeps } from './deps.ts';
import type { OidcProvider } from './oidc-provider.ts';
import { resolveUser, type UserRefusal } from './oidc-users.ts';
import { conflict, type ControlProblem } from './problem.ts';
import { route, type Route } from './route.ts';
import { beginAttempt, completeAttempt, endAttempt, letIn, tooLate } from './sign-in-steps.ts';
import { siteOf } from './site.ts';

/** The page of the console that a provider sends the browser back to. */
export const returnPath = '/console/signed-in';

/** Signing in by an OpenID provider, in two steps: the browser goes there in between. */
export const oidcRoutes: readonly Route[] = [
  route({
    id: 'getSignInWays',
    method: 'get',
    path: '/api/v1/session/ways',
    summary: 'By what one may sign in beside a password, and whether it works now',
    may: 'anyone',
    output: z.object({
      /** Null where the operator's file names no OpenID provider. */
      oidc: z.object({ name: z.string(), reachable: z.boolean() }).nullable(),
    }),
    handle: async ({ signIn: { oidc } }) => {
      if (oidc === null) return ok({ oidc: null });
      return ok({ oidc: { name: oidc.name, reachable: await oidc.isReachable() } });
    },
  }),
  route({
    id: 'beginOidcSignIn',
    method: 'post',
    path: '/api/v1/session/oidc/begin',
    summary:
      'Begin to sign in by the OpenID provider; the browser goes to the address in the answer',
    may: 'anyone',
    input: z.strictObject({}),
    output: z.object({ url: z.string() }),
    handle: async ({ signIn }, { page, attempts }) => {
      const { oidc, consoleUrl, oidcAttempts } = signIn;
      if (oidc === null) return noProvider;
      const site = siteOf(page, consoleUrl);
      if (!site.ok) return site;
      const begun = await oidc.begin(`${site.value.origin}${returnPath}`);
      if (!begun.ok) return conflict(unreachable(oidc));
      const { url, ...attempt } = begun.value;
      beginAttempt(oidcAttempts, attempt, attempts.oidc);
      return ok({ url });
    },
  }),
  route({
    id: 'signInByOidc',
    method: 'post',
    path: '/api/v1/session/oidc',
    summary: 'Sign in with what the OpenID provider sent the browser back with; sets the cookie',
    may: 'anyone',
    input: z.strictObject({ query: z.string().max(8_192) }),
    output: z.object({ ok: z.boolean() }),
    handle: async (deps, { input, setSession, attempts }) => {
      const { oidcAttempts } = deps.signIn;
      const returned = new URLSearchParams(input.query).get('state');
      const ended = endAttempt(oidcAttempts, attempts.oidc, ({ state }) => state === returned);
      if (ended === null) return tooLate;
      const user = await userOf(deps, (oidc) => oidc.finish(input.query, ended.begun));
      if (!user.ok) return user;
      const completed = completeAttempt(oidcAttempts, ended, user.value.name);
      if (!completed.ok) return completed;
      return letIn(deps, { name: user.value.name, by: 'oidc' }, setSession);
    },
  }),
];

type Finish = (oidc: OidcProvider) => ReturnType<OidcProvider['finish']>;

/** The user who came back, on record where none may be let in. */
async function userOf(deps: ControlDeps, finish: Finish): Promise<Result<User, ControlProblem>> {
  const { oidc, records } = deps.signIn;
  if (oidc === null) return noProvider;
  const identity = await finish(oidc);
  if (!identity.ok) {
    // Nothing was tried: as with a name that has to wait, there is nothing to put on record.
    if (identity.error === 'busy') return err({ code: 'too-many', message: busy });
    await records.refused({ name: null, by: 'oidc', reason: identity.error });
    if (identity.error === 'unreachable') return conflict(unreachable(oidc));
    const message =
      identity.error === 'refused-by-provider'
        ? `${oidc.name} did not sign you in: begin again, or ask whoever runs it`
        : `what ${oidc.name} answered was not accepted: begin again; an administrator finds the reason in the log`;
    return err({ code: 'unauthorized', message });
  }
  const user = await resolveUser(deps, oidc, identity.value);
  if (user.ok) return user;
  if (user.error.reason === 'not-recorded') return notRecorded;
  const { name, reason } = user.error;
  await records.refused({ name, by: 'oidc', reason });
  return err({ code: 'unauthorized', message: explain(oidc, user.error) });
}

function explain({ name }: OidcProvider, { reason }: UserRefusal): string {
  return reason === 'no-role'
    ? `${name} knows you, and none of your groups has a role here: ask an administrator`
    : `${name} knows you, and nobody added you here: ask an administrator`;
}

const busy = 'too many sign in at once: wait a few seconds, then begin again';

function unreachable({ name }: OidcProvider): string {
  return `${name} does not answer: sign in by your password, or try again in a minute`;
}

const noProvider: Result<never, ControlProblem> = conflict(
  'no OpenID provider is named in the operator’s file',
);
