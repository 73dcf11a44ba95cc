import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

import type { ApprovalDetail } from './approval-view.ts';
import { credentialsOf } from './answer.ts';
import { approverOf } from './approval-operations.ts';
import type { ApprovalControl } from './approvals.ts';
import type { ControlDeps } from './deps.ts';
import { approvers, type Actor } from './roles.ts';
import { equal } from './session.ts';

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Where a client sends its user: what would run, and a yes or a no. A GET answers nothing (B-159). */
export function addApprovalPage(app: Hono, deps: ControlDeps): void {
  const path = '/approvals/:id';
  const id = (context: Context): string => context.req.param('id') ?? '';
  app.get(path, async (context) => {
    const actor = await signedIn(context, deps);
    if (actor === null) return context.html(signInFirst(), 401);
    return show(context, deps.approvals, { id: id(context), actor, said: null });
  });
  app.post(path, async (context) => {
    const actor = await signedIn(context, deps);
    if (actor === null) return context.html(signInFirst(), 401);
    const form = await shortForm(context);
    if (form === null) return context.text('send an answer, and no more', 413);
    if (!isOwnForm(context, actor, form)) return context.text('answer on the page itself', 403);
    const said = await answer(deps.approvals, { id: id(context), actor }, form);
    return show(context, deps.approvals, { id: id(context), actor, said });
  });
}

/** Whoever may answer, and came with the session of a browser. */
async function signedIn(context: Context, { sessions }: ControlDeps): Promise<Actor | null> {
  const actor = await sessions.actorOf(...credentialsOf(context));
  return actor !== null && approvers.includes(actor.role) ? actor : null;
}

/** A form that this page gave out, sent by it: no other site has the session's token. */
function isOwnForm(context: Context, { session }: Actor, form: URLSearchParams): boolean {
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin') return false;
  return session === null || equal(form.get('csrf') ?? '', session.csrf);
}

const formBytesMax = 8_192;

async function shortForm(context: Context): Promise<URLSearchParams | null> {
  if (context.req.header('transfer-encoding') !== undefined) return null;
  if (!(Number(context.req.header('content-length') ?? 0) <= formBytesMax)) return null;
  return new URLSearchParams(await context.req.text());
}

async function answer(
  approvals: ApprovalControl,
  { id, actor }: { readonly id: string; readonly actor: Actor },
  form: URLSearchParams,
): Promise<string> {
  const by = { approver: approverOf(actor), via: 'page' } as const;
  const written = form.get('comment')?.trim() ?? '';
  const comment = written === '' ? null : written.slice(0, 500);
  if (form.get('answer') === 'deny') {
    const denied = await approvals.deny(by, id, { comment, group: false });
    return denied.ok ? 'Denied: nothing was run.' : `Not counted: ${denied.error.message}.`;
  }
  if (form.get('answer') !== 'allow') return 'Not counted: neither yes nor no.';
  const allowed = await approvals.allow(by, id, { comment, standing: null });
  if (!allowed.ok) return `Not counted: ${allowed.error.message}.`;
  if (allowed.value.state === 'pending') return 'Counted: others must say yes as well.';
  return allowed.value.waiting > 0
    ? 'Allowed, once: it runs now.'
    : 'Allowed, once: it runs when its client calls again.';
}

async function show(
  context: Context,
  approvals: ApprovalControl,
  { id, actor, said }: { readonly id: string; readonly actor: Actor; readonly said: string | null },
): Promise<Response> {
  const found = await approvals.show(id);
  if (!found.ok)
    return context.html(page('No such approval', html`<p>${found.error.message}</p>`), 404);
  return context.html(page('Approval', detailOf(found.value, { actor, said })));
}

function page(title: string, content: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Portcullis</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;
}

function signInFirst(): Html {
  return page(
    'Sign in first',
    html`<p>
      <a href="/console/">Sign in</a> as somebody who may answer, then open this link again.
    </p>`,
  );
}

function detailOf(
  one: ApprovalDetail,
  { actor, said }: { readonly actor: Actor; readonly said: string | null },
): Html {
  const open = one.state === 'pending';
  return html`
    ${said === null ? '' : html`<p role="status"><strong>${said}</strong></p>`}
    <p>
      <code>${one.principal}</code> (grant <code>${one.grant.label}</code>) wants to call
      <code>${one.tool}</code> on <code>${one.server}</code>. It is ${one.state}.
    </p>
    ${one.needs.map(
      (need) =>
        html`<p>
          Asked by <code>${need.rule}</code>${need.reason === null ? '' : `: ${need.reason}`}
          (${need.given} of ${need.quorum})
        </p>`,
    )}
    <h2>Arguments, exactly</h2>
    <pre>${one.shown ?? '(forgotten)'}</pre>
    ${one.notes.map((note) => html`<p class="bad">Note: it ${note}.</p>`)}
    <h2>Since the last approved call</h2>
    ${changesOf(one)} ${open ? formOf(actor) : ''}
  `;
}

function changesOf({ changes }: ApprovalDetail): Html {
  if (changes === null) return html`<p>No call of this grant to this tool was approved before.</p>`;
  const lines = (changes.arguments ?? []).map(
    ({ name, change, before, after }) =>
      html`<li>
        <code>${name}</code> ${change}: <code>${before ?? '-'}</code> → <code>${after ?? '-'}</code>
      </li>`,
  );
  return html`<ul>
    ${lines} ${changes.arguments === null ? html`<li>Its arguments were forgotten.</li>` : ''}
    ${changes.arguments?.length === 0 ? html`<li>The same arguments.</li>` : ''}
    ${changes.definition ? html`<li>The definition of the tool changed.</li>` : ''}
    ${changes.policy ? html`<li>The policy changed.</li>` : ''}
  </ul>`;
}

function formOf({ session }: Actor): Html {
  return html`<form method="post">
    <input type="hidden" name="csrf" value="${session?.csrf ?? ''}" />
    <label for="comment">Comment, for the record; of a denial the agent reads it</label>
    <input id="comment" name="comment" maxlength="500" autocomplete="off" />
    <button type="submit" name="answer" value="allow">Allow once</button>
    <button type="submit" name="answer" value="deny">Deny</button>
  </form>`;
}
