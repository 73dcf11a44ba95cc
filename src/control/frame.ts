import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

import { showUnseen } from '../base/unseen.ts';
import { frameStyle } from './frame-style.ts';
import type { Actor } from './roles.ts';

/** Rendered HTML. Whatever is put into a template is escaped. */
export type Page = HtmlEscapedString | Promise<HtmlEscapedString>;

export interface Step {
  readonly name: string;
  readonly path: string;
}

/** A page that the gateway draws itself: what stands in the frame that the console has as well. */
export interface FramedPage {
  readonly title: string;
  /** Where in the console's navigation it is. */
  readonly section: 'catalogue' | 'attacks';
  /** Pages of the same section; `current` is the path of the one that is shown, if it is one. */
  readonly siblings: readonly Step[];
  readonly current: string | null;
  /** Pages above this one. */
  readonly trail: readonly Step[];
  /** The same content as JSON. */
  readonly json: string | null;
  readonly content: Page;
}

/** Where the style of these pages is. */
export const framePath = '/frame.css';
export const frameCss: string = frameStyle;

/** The cookie in which the console keeps the theme that was chosen, for pages without a script. */
const themeCookie = 'portcullis-theme';

const links: readonly (readonly [path: string, name: string])[] = [
  ['/console/', 'Overview'],
  ['/console/servers', 'Servers'],
  ['/console/policies', 'Policies'],
  ['/console/grants', 'Grants'],
  ['/console/log', 'Log'],
  ['/console/approvals', 'Approvals'],
];

/**
 * Answers with a page in its frame. Characters of it that cannot be seen, or that turn around how
 * others are seen, are written as code points, wherever in the page they stand.
 */
export async function sendPage(
  context: Context,
  about: {
    readonly page: FramedPage;
    readonly actor: Actor;
    readonly status?: 200 | 404 | 409 | 503;
  },
): Promise<Response> {
  const { page, actor, status = 200 } = about;
  const kept = getCookie(context, themeCookie);
  const theme = kept === 'light' || kept === 'dark' ? kept : null;
  const whole = await framed(page, { actor, theme });
  return context.html(raw(showUnseen(whole.toString())), status);
}

function framed(
  page: FramedPage,
  { actor, theme }: { readonly actor: Actor; readonly theme: string | null },
): Page {
  const { title, section, json, content } = page;
  return html`<!doctype html>
    <html lang="en" ${theme === null ? '' : html`data-theme="${theme}"`}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · ${section === 'catalogue' ? 'Catalogue' : 'Attacks'} · Portcullis</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="${framePath}" />
        ${json === null ? '' : html`<link rel="alternate" type="application/json" href="${json}" />`}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        ${navigation(page, actor)}
        <main id="content">
          ${siblings(page)} ${trail(page)} ${content}
          ${json === null ? '' : html`<p class="hint"><a href="${json}">This page as JSON</a></p>`}
        </main>
      </body>
    </html>`;
}

function navigation({ section }: FramedPage, actor: Actor): Page {
  const shown = actor.role === 'admin' ? [...links, ['/console/users', 'Users'] as const] : links;
  const here = (name: string): Page | '' => (name === section ? html`aria-current="true"` : '');
  return html`<nav id="console" aria-label="Console">
    <a class="brand" href="/console/">
      <svg
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        aria-hidden="true"
      >
        <path d="M2 15V7a6 6 0 0 1 12 0v8M6 2v13M10 2v13M2 8h12" />
      </svg>
      Portcullis
    </a>
    <ul>
      ${shown.map(([path, name]) => html`<li><a href="${path}">${name}</a></li>`)}
      <li class="rest"><a href="/catalogue" ${here('catalogue')}>Catalogue</a></li>
      <li><a href="/attacks" ${here('attacks')}>Attacks</a></li>
    </ul>
    <div class="foot">
      ${actor.role === 'admin' ? html`<a class="stop" href="/console/#stop">Kill switch</a>` : ''}
      <p>${actor.name.replace('person:', '')} · ${actor.role}</p>
    </div>
  </nav>`;
}

function siblings({ section, siblings: pages, current }: FramedPage): Page | '' {
  if (pages.length === 0) return '';
  return html`<nav
    class="siblings"
    aria-label="${section === 'catalogue' ? 'Catalogue' : 'Attack database'}"
  >
    ${pages.map(({ name, path }) => html`<a href="${path}" ${path === current ? html`aria-current="page"` : ''}>${name}</a>`)}
  </nav>`;
}

function trail({ trail: steps }: FramedPage): Page | '' {
  if (steps.length === 0) return '';
  return html`<nav aria-label="Breadcrumb" class="trail">
    ${steps.map(({ name, path }) => html`<a href="${path}">${name}</a> <span aria-hidden="true">›</span> `)}
  </nav>`;
}
