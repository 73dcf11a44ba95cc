import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

/** Rendered HTML. Whatever is put into a template is escaped. */
export type Page = HtmlEscapedString | Promise<HtmlEscapedString>;

/** The frame of every page of the attack database. */
export function layout(title: string, content: Page): Page {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Portcullis</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/attacks/style.css" />
      </head>
      <body>
        <header><a href="/console/">Console</a> <a href="/attacks">Attacks</a></header>
        <main>${content}</main>
      </body>
    </html>`;
}

/** A table that is wider than the window is scrolled by itself, by the keyboard too. */
export function scrolled(label: string, table: Page): Page {
  return html`<div class="scrolled" role="region" aria-label="${label}" tabindex="0">
    ${table}
  </div>`;
}

/** The pages' only style sheet. */
export const styleSheet: string = `
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6474; --line: #d9dee7; --paper: #fbfcfe; --tint: #eef1f8; --good: #146c43; --bad: #b02a37; --wait: #8a5a00; --accent: #2446a8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --soft: #9aa4b5; --line: #323a49; --paper: #12161e; --tint: #1b212c; --good: #5fd39b; --bad: #ff8b96; --wait: #ffca6b; --accent: #9db4ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header { padding: .7rem 1.25rem; border-bottom: 1px solid var(--line); display: flex; gap: 1.2rem; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
a { color: var(--accent); }
h1 { font-size: 1.5rem; margin: .3rem 0; } h2 { font-size: 1.1rem; margin-top: 2rem; } h3 { font-size: 1rem; margin: 0 0 .4rem; }
nav { display: flex; flex-wrap: wrap; gap: .5rem 1.2rem; margin: 1rem 0; } nav [aria-current] { font-weight: 700; color: var(--ink); text-decoration: none; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; color: var(--soft); font-weight: 500; white-space: nowrap; }
th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
code, pre { font: .9em ui-monospace, monospace; } code { overflow-wrap: anywhere; } pre { background: var(--tint); padding: .9rem; border-radius: .4rem; overflow-x: auto; }
.hint { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1.2rem; } @media (max-width: 52rem) { .sides { grid-template-columns: 1fr; } }
.side { border: 1px solid var(--line); border-radius: .4rem; padding: .8rem 1rem; min-width: 0; } .side ol { margin: 0; padding-left: 1.4rem; } .side li { margin-bottom: .5rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 1rem 0; } .facts dt { color: var(--soft); } .facts dd { margin: 0; }
.scrolled { overflow-x: auto; } @media (max-width: 44rem) { .scrolled table { min-width: 42rem; } }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;
