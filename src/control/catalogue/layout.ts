import { html } from 'hono/html';

import type { ToolSummary } from '../../catalogue/entry.ts';
import type { FramedPage, Page } from '../frame.ts';
import { table, type Cell } from '../page-table.ts';

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

const siblings: FramedPage['siblings'] = [
  { name: 'All tools', path: paths.index },
  { name: 'Servers', path: paths.servers },
  { name: 'Risk levels', path: paths.risks },
  { name: 'Changes', path: paths.changes },
];

/** A page of the catalogue: one heading, where it is, and where the same content is as JSON. */
export function cataloguePage(
  about: Pick<FramedPage, 'title' | 'trail' | 'json' | 'content'> & { readonly current?: string },
): FramedPage {
  const { current = null, ...rest } = about;
  return { ...rest, section: 'catalogue', siblings, current };
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
  const serverOf = ({ server }: ToolSummary): Cell => {
    const link = html`<a href="${paths.server(server.slug)}">${server.name}</a>`;
    return { content: link, as: 'name' };
  };
  return table({
    label,
    columns: ['Tool', ...(withServer ? ['Server'] : []), 'Category', 'Risk', 'About'],
    rows: tools.map((tool) => [
      {
        content: html`<a href="${paths.tool(tool.server.slug, tool.slug)}"
          >${tool.name || '(no name)'}</a
        >`,
        as: 'name',
      },
      ...(withServer ? [serverOf(tool)] : []),
      mark(tool.category),
      mark(tool.risk),
      shortened(tool.about, 120),
    ]),
  });
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
