import { html } from 'hono/html';

import {
  countMax,
  type Found,
  type Search,
  type ServerSummary,
  type ToolSummary,
} from '../../catalogue/entry.ts';
import type { CatalogueStatus } from '../../catalogue/catalogue-store.ts';
import { categories, risks } from '../../policy/index.ts';
import type { FramedPage, Page } from '../frame.ts';
import { table } from '../page-table.ts';
import { cataloguePage, mark, paths, toolsTable, when } from './layout.ts';

/** How many a page shows. */
export const pageSize = 50;

/** The index: search over every tool, with filters. */
export function indexPage(about: {
  readonly search: Search;
  readonly found: Found<ToolSummary>;
  readonly status: CatalogueStatus;
}): FramedPage {
  const { search, found, status } = about;
  const filtered = search.text !== '' || search.category !== null || search.risk !== null;
  return cataloguePage({
    title: search.text === '' ? 'All tools' : `Search: ${search.text}`,
    trail: [],
    current: paths.index,
    json: `${paths.index}/json${queryOf(search, search.offset)}`,
    content: html`<h1>Catalogue</h1>
      <p>
        ${status.tools} tools of <a href="${paths.servers}">${status.servers} servers</a>, each with
        what it can do, how risky that is, and a rule to start from.
        ${status.pending === 0 ? '' : `${status.pending} are not searchable yet.`}
      </p>
      ${searchForm(search)}
      ${
        found.items.length === 0
          ? html`<p role="status">
              ${filtered ? 'Nothing was found. Try fewer words, or no filter.' : 'The catalogue is empty. Fill it with `portcullis catalogue import`, or register a server.'}
            </p>`
          : html`<p role="status">${counted(found.total)} found.</p>
              ${toolsTable('Tools', found.items, true)} ${pager(search, found.total)}`
      }`,
  });
}

/** Every server, by name. */
export function serversPage(about: {
  readonly text: string;
  readonly offset: number;
  readonly found: Found<ServerSummary>;
}): FramedPage {
  const { text, offset, found } = about;
  const step = (to: number): string => `${paths.servers}?${query({ q: text, from: String(to) })}`;
  return cataloguePage({
    title: 'Servers',
    trail: [{ name: 'Catalogue', path: paths.index }],
    current: paths.servers,
    json: `${paths.servers}/json?${query({ q: text, from: String(offset) })}`,
    content: html`<h1>Servers</h1>
      <form class="row" method="get" action="${paths.servers}" role="search">
        <div>
          <label for="q">Name</label>
          <input id="q" name="q" type="search" value="${text}" maxlength="200" />
        </div>
        <button type="submit">Search</button>
      </form>
      <p role="status">${counted(found.total)} found.</p>
      ${table({
        label: 'Servers',
        columns: ['Server', 'Grade', 'Tools', 'Tokens', 'Read'],
        rows: found.items.map((server) => [
          html`<a href="${paths.server(server.slug)}">${server.name}</a>`,
          server.grade.letter,
          server.tools,
          server.tokens,
          when(server.scannedMs),
        ]),
      })}
      ${steps({ offset, total: found.total, step })}`,
  });
}

function searchForm(search: Search): Page {
  return html`<form class="row" method="get" action="${paths.index}" role="search">
    <div>
      <label for="q">Words of name, description or server</label>
      <input id="q" name="q" type="search" value="${search.text}" maxlength="200" />
    </div>
    ${choice('category', 'Category', categories, search.category)}
    ${choice('risk', 'Risk', risks, search.risk)}
    <button type="submit">Search</button>
  </form>`;
}

function choice(id: string, label: string, values: readonly string[], chosen: string | null): Page {
  return html`<div>
    <label for="${id}">${label}</label>
    <select id="${id}" name="${id}">
      <option value="">Any</option>
      ${values.map((value) =>
        value === chosen
          ? html`<option value="${value}" selected>${value}</option>`
          : html`<option value="${value}">${value}</option>`,
      )}
    </select>
  </div>`;
}

function pager(search: Search, total: number): Page {
  const step = (offset: number): string => `${paths.index}${queryOf(search, offset)}`;
  return steps({ offset: search.offset, total, step });
}

function steps(of: {
  readonly offset: number;
  readonly total: number;
  readonly step: (offset: number) => string;
}): Page {
  const { offset, total, step } = of;
  const back = offset > 0;
  const on = offset + pageSize < total;
  if (!back && !on) return html``;
  return html`<nav class="pages" aria-label="Pages">
    ${back ? html`<a rel="prev" href="${step(Math.max(0, offset - pageSize))}">Previous</a>` : ''}
    ${on ? html`<a rel="next" href="${step(offset + pageSize)}">Next</a>` : ''}
  </nav>`;
}

function queryOf(search: Search, offset: number): string {
  const { text, category, risk } = search;
  const from = offset === 0 ? '' : String(offset);
  const asked = query({ q: text, category: category ?? '', risk: risk ?? '', from });
  return asked === '' ? '' : `?${asked}`;
}

function query(members: Readonly<Record<string, string>>): string {
  const given = Object.entries(members).filter(([, value]) => value !== '');
  return new URLSearchParams(given).toString();
}

function counted(total: number): string {
  return total > countMax ? `More than ${countMax}` : String(total);
}

/** What each category and each risk means, and what is recommended for it. */
export function risksPage(counts: Readonly<Record<string, number>>): FramedPage {
  const link = (kind: 'category' | 'risk', value: string): string =>
    `${paths.index}?${new URLSearchParams({ [kind]: value }).toString()}`;
  return cataloguePage({
    title: 'Risk levels',
    trail: [{ name: 'Catalogue', path: paths.index }],
    current: paths.risks,
    json: `${paths.risks}/json`,
    content: html`<h1>Risk levels</h1>
      <p>
        A tool's category says what a call can do. Its class risk is the category's; what the
        definition shows beside it (a message that goes out to people, credentials, free-form code)
        can raise the risk and never lowers it.
      </p>
      ${table({
        label: 'Categories',
        columns: ['Category', 'Means', 'Class risk', 'Recommended rule', 'Tools'],
        rows: kinds.map(({ category, means, risk, rule }) => [
          mark(category),
          means,
          mark(risk),
          rule,
          {
            content: html`<a href="${link('category', category)}"
              >${counted(counts[category] ?? 0)} ${category}</a
            >`,
            as: 'short',
          },
        ]),
      })}
      <h2>By risk</h2>
      <ul>
        ${risks.map((risk) => html`<li>${mark(risk)} <a href="${link('risk', risk)}">${counted(counts[risk] ?? 0)} tools of ${risk.toLowerCase()} risk</a></li>`)}
      </ul>`,
  });
}

/** The table of the classification reference. */
export const kinds: readonly {
  readonly category: (typeof categories)[number];
  readonly means: string;
  readonly risk: string;
  readonly rule: string;
}[] = [
  {
    category: 'Read',
    means: 'Retrieves, computes, validates or previews; changes nothing.',
    risk: 'Low',
    rule: 'Allowed.',
  },
  {
    category: 'Write',
    means: 'Creates or modifies; can be undone.',
    risk: 'Medium',
    rule: '30 calls a minute per grant.',
  },
  {
    category: 'Execute',
    means:
      'Runs code or commands, starts processes, drives devices or browsers; the effect depends on the arguments.',
    risk: 'High',
    rule: '10 calls a minute per grant, with rules for arguments where the schema invites them.',
  },
  {
    category: 'Destructive',
    means: 'Deletes, overwrites, revokes: cannot be undone.',
    risk: 'Critical',
    rule: 'A person approves each call.',
  },
  {
    category: 'Financial',
    means: 'Moves money or commits to pay.',
    risk: 'Critical',
    rule: 'A person approves each call; an amount is limited by the day.',
  },
  {
    category: 'Unclassified',
    means: 'The definition does not say.',
    risk: 'High',
    rule: 'A person approves each call until a person decides the category.',
  },
];
