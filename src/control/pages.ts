import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

import type { GrantView } from './grants.ts';
import type { ServerView } from './servers.ts';

/** One line of the overview's list of what happened last. */
export interface RecentDecision {
  readonly time: string;
  readonly grant: string;
  readonly server: string;
  readonly tool: string;
  readonly decision: string;
  readonly rule: string;
}

/** Everything that the overview shows. */
export interface Overview {
  readonly servers: readonly ServerView[];
  readonly grants: readonly GrantView[];
  readonly recent: readonly RecentDecision[];
  readonly ready: boolean;
  readonly version: string;
}

type Page = HtmlEscapedString | Promise<HtmlEscapedString>;

/** The page that asks for the operator's key. */
export function signInPage(keyPlace: string, failed: boolean): Page {
  return layout(
    'Sign in',
    html`<h1>Portcullis</h1>
      <p>Every call of an agent is checked against a policy before it reaches a server.</p>
      <form method="post" action="/sign-in">
        <label for="key">Operator key</label>
        <input id="key" name="key" type="password" autocomplete="off" required autofocus />
        <p class="hint">It is in <code>${keyPlace}</code> on the gateway's machine.</p>
        ${failed ? html`<p class="bad" role="alert">That is not the key. Copy the whole line of the file.</p>` : ''}
        <button type="submit">Sign in</button>
      </form>`,
  );
}

/** Servers, grants and the last decisions. */
export function overviewPage(overview: Overview): Page {
  return layout(
    'Overview',
    html`<h1>Portcullis <small>${overview.version}</small></h1>
      <p class="${overview.ready ? 'good' : 'bad'}" role="status">
        ${overview.ready ? 'Ready: calls are judged and recorded.' : 'Not ready: records cannot be kept, so calls are refused.'}
      </p>
      <h2>Servers</h2>
      ${serversTable(overview.servers)}
      <h2>Grants</h2>
      ${grantsTable(overview.grants)}
      <h2>Last decisions</h2>
      ${recentTable(overview.recent)}`,
  );
}

function serversTable(servers: readonly ServerView[]): Page {
  if (servers.length === 0) {
    return html`<p class="hint">
      No server yet. Name one under <code>servers</code> in <code>portcullis.json</code>.
    </p>`;
  }
  return scrolled(
    'Servers',
    html`<table>
      <thead>
        <tr>
          <th>Server</th>
          <th>Reached by</th>
          <th>Tools</th>
          <th>Quarantined</th>
        </tr>
      </thead>
      <tbody>
        ${servers.map(
          (server) =>
            html`<tr>
              <td>${server.name}</td>
              <td><code>${server.where}</code></td>
              <td>${server.tools === null ? 'not read yet' : server.tools}</td>
              <td>
                ${server.quarantined === 0 ? '–' : html`<span class="bad">${server.quarantined}</span>`}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>`,
  );
}

function grantsTable(grants: readonly GrantView[]): Page {
  if (grants.length === 0) {
    return html`<p class="hint">
      No grant yet. Make one: <code>npx portcullis grant create --help</code>
    </p>`;
  }
  return scrolled(
    'Grants',
    html`<table>
      <thead>
        <tr>
          <th>Grant</th>
          <th>Principal</th>
          <th>Servers and policies</th>
          <th>Mode</th>
          <th>State</th>
        </tr>
      </thead>
      <tbody>
        ${grants.map(
          (grant) =>
            html`<tr>
              <td>${grant.label}</td>
              <td>${grant.principal.id}</td>
              <td>
                ${grant.servers.map((server) => html`<div>${server}: ${grant.policies[server] ?? 'no policy'}</div>`)}
              </td>
              <td>${grant.mode}</td>
              <td class="${grant.state === 'live' ? 'good' : 'bad'}">${grant.state}</td>
            </tr>`,
        )}
      </tbody>
    </table>`,
  );
}

function recentTable(recent: readonly RecentDecision[]): Page {
  if (recent.length === 0) {
    return html`<p class="hint">No call yet. Give a grant's token to a client, and make one.</p>`;
  }
  return scrolled(
    'Last decisions',
    html`<table>
      <thead>
        <tr>
          <th>When (UTC)</th>
          <th>Grant</th>
          <th>Tool</th>
          <th>Decision</th>
          <th>Rule</th>
        </tr>
      </thead>
      <tbody>
        ${recent.map(
          (entry) =>
            html`<tr>
              <td>${entry.time}</td>
              <td>${entry.grant}</td>
              <td>${entry.server} · ${entry.tool}</td>
              <td class="${entry.decision === 'forwarded' ? 'good' : 'bad'}">${entry.decision}</td>
              <td><code>${entry.rule}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>`,
  );
}

/** A table that is wider than the window is scrolled by itself, by the keyboard too. */
function scrolled(label: string, table: Page): Page {
  return html`<div class="scrolled" role="region" aria-label="${label}" tabindex="0">
    ${table}
  </div>`;
}

function layout(title: string, content: Page): Page {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Portcullis</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <main>${content}</main>
      </body>
    </html>`;
}

/** A gate. */
export const icon: string =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="#4f6fd8" stroke-width="1.6"><path d="M2 15V7a6 6 0 0 1 12 0v8M6 2v13M10 2v13M2 8h12"/></svg>';

/** The pages' only style sheet. */
export const styleSheet: string = `
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6474; --line: #d9dee7; --paper: #fbfcfe; --good: #146c43; --bad: #b02a37; --accent: #2446a8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --soft: #9aa4b5; --line: #323a49; --paper: #12161e; --good: #5fd39b; --bad: #ff8b96; --accent: #9db4ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; } h1 small { color: var(--soft); font-weight: 400; font-size: 1rem; }
h2 { font-size: 1.1rem; margin-top: 2.2rem; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; color: var(--soft); font-weight: 500; }
th, td { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; } th { white-space: nowrap; } td code { overflow-wrap: anywhere; }
code { font: .9em ui-monospace, monospace; } .hint { color: var(--soft); }
.good { color: var(--good); } .bad { color: var(--bad); }
label { display: block; margin-bottom: .3rem; } input { font: inherit; padding: .5rem .6rem; width: min(32rem, 100%); border: 1px solid var(--line); border-radius: .4rem; background: transparent; color: inherit; }
button { font: inherit; padding: .5rem 1.1rem; border: 0; border-radius: .4rem; background: var(--accent); color: var(--paper); cursor: pointer; }
.scrolled { overflow-x: auto; } @media (max-width: 44rem) { table { min-width: 42rem; } }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;
