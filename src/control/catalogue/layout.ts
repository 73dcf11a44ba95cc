import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

import type { ToolSummary } from '../../catalogue/entry.ts';

export type Page = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Where the pages are. Steps are encoded: a slug may have letters of every script. */
export const paths = {
  index: '/catalogue',
  servers: '/catalogue/servers',
  risks: '/catalogue/risks',
  changes: '/catalogue/changes',
  server: (slug: string): string => `/catalogue/s/${encodeURIComponent(slug)}`,
  tool: (server: string, tool: string): string =>
    `/catalogue/s/${encodeURIComponent(server)}/t/${encodeURIComponent(tool)}`,
} as const;

/** The frame of every catalogue page: one heading, where one is, and the same content as JSON. */
export function catalogueLayout(about: {
  readonly title: string;
  readonly trail: readonly { readonly name: string; readonly path: string }[];
  readonly json: string | null;
  readonly content: Page;
}): Page {
  const { title, trail, json, content } = about;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Catalogue · Portcullis</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/catalogue/style.css" />
        ${json === null ? '' : html`<link rel="alternate" type="application/json" href="${json}" />`}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header>
          <nav aria-label="Site">
            <a href="/console/">Portcullis</a>
            <a href="${paths.index}">Catalogue</a>
            <a href="${paths.servers}">Servers</a>
            <a href="${paths.risks}">Risk levels</a>
            <a href="${paths.changes}">Changes</a>
          </nav>
        </header>
        <main id="content">
          ${
            trail.length === 0
              ? ''
              : html`<nav aria-label="Breadcrumb" class="trail">
                  ${trail.map(({ name, path }) => html`<a href="${path}">${name}</a> <span aria-hidden="true">›</span> `)}
                </nav>`
          }
          ${content}
          ${json === null ? '' : html`<p class="hint"><a href="${json}">This page as JSON</a></p>`}
        </main>
      </body>
    </html>`;
}

/** A risk or a category as a mark that does not speak by its colour alone. */
export function mark(text: string): Page {
  return html`<span class="mark mark-${text.toLowerCase()}">${text}</span>`;
}

/** Tools in a table: name, server, category, risk, and what each is about. */
export function toolsTable(
  label: string,
  tools: readonly ToolSummary[],
  withServer: boolean,
): Page {
  return html`<div class="scrolled" role="region" aria-label="${label}" tabindex="0">
    <table>
      <thead>
        <tr>
          <th scope="col">Tool</th>
          ${withServer ? html`<th scope="col">Server</th>` : ''}
          <th scope="col">Category</th>
          <th scope="col">Risk</th>
          <th scope="col">About</th>
        </tr>
      </thead>
      <tbody>
        ${tools.map(
          (tool) =>
            html`<tr>
              <td>
                <a href="${paths.tool(tool.server.slug, tool.slug)}">${tool.name || '(no name)'}</a>
              </td>
              ${withServer ? html`<td><a href="${paths.server(tool.server.slug)}">${tool.server.name}</a></td>` : ''}
              <td>${mark(tool.category)}</td>
              <td>${mark(tool.risk)}</td>
              <td>${shortened(tool.about, 120)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Text that is no longer than this many characters. */
export function shortened(text: string, max: number): string {
  const characters = Array.from(text);
  return characters.length <= max ? text : `${characters.slice(0, max - 1).join('')}…`;
}

/** A time as people and machines read it, in UTC. */
export function when(ms: number): Page {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

/** The style of these pages, beside the common one. */
export const catalogueStyle: string = `
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6474; --line: #d9dee7; --paper: #fbfcfe; --good: #146c43; --bad: #b02a37; --accent: #2446a8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --soft: #9aa4b5; --line: #323a49; --paper: #12161e; --good: #5fd39b; --bad: #ff8b96; --accent: #9db4ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; } h1 small { color: var(--soft); font-weight: 400; font-size: 1rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; color: var(--soft); font-weight: 500; white-space: nowrap; }
th, td { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; } .hint { color: var(--soft); }
label { display: block; margin-bottom: .3rem; } input { font: inherit; padding: .5rem .6rem; border: 1px solid var(--line); border-radius: .4rem; background: transparent; color: inherit; }
button { font: inherit; padding: .5rem 1.1rem; border: 0; border-radius: .4rem; background: var(--accent); color: var(--paper); cursor: pointer; }
.scrolled { overflow-x: auto; } @media (max-width: 44rem) { table { min-width: 42rem; } }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
header nav { max-width: 72rem; margin: 0 auto; padding: 1rem 1.25rem 0; display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .4rem .8rem; }
a { color: var(--accent); } header a { text-decoration: none; } header a:first-child { font-weight: 600; color: var(--ink); }
.trail { color: var(--soft); font-size: .95rem; }
h1 { overflow-wrap: anywhere; }
form.search { display: flex; flex-wrap: wrap; gap: .7rem 1rem; align-items: end; margin: 1rem 0 1.5rem; }
form.search input { width: 22rem; max-width: 100%; } select { font: inherit; padding: .5rem .6rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--paper); color: inherit; max-width: 100%; }
.mark { display: inline-block; padding: 0 .5em; border-radius: .35em; border: 1px solid currentColor; font-size: .88em; white-space: nowrap; }
.mark-low, .mark-read { color: var(--good); } .mark-medium, .mark-write { color: var(--accent); }
.mark-high, .mark-execute, .mark-unclassified { color: #8a4b00; } .mark-critical, .mark-destructive, .mark-financial { color: var(--bad); }
@media (prefers-color-scheme: dark) { .mark-high, .mark-execute, .mark-unclassified { color: #f0b469; } }
.facts { display: flex; flex-wrap: wrap; gap: .4rem 2rem; padding: 0; margin: 1rem 0; list-style: none; } .facts strong { font-weight: 600; }
.grade { font-size: 1.8rem; font-weight: 700; line-height: 1; }
pre { overflow: auto; max-height: 30rem; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: .5rem; font: .9em/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
blockquote { margin: .5rem 0; padding-left: 1rem; border-left: 3px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere; }
dt { font-weight: 600; margin-top: .9rem; } dd { margin: .2rem 0 0; } .pages { display: flex; gap: 1.5rem; }
.notice { border: 1px solid var(--line); border-left: 4px solid var(--accent); padding: .6rem 1rem; border-radius: .3rem; } .notice.bad { border-left-color: var(--bad); }
td { overflow-wrap: anywhere; } td:first-child { min-width: 10rem; }
`;
