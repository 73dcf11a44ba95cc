import { html } from 'hono/html';

import type { FramedPage, Page } from '../frame.ts';

/** Where the pages are. */
export const attackPaths = {
  index: '/attacks',
  reportCard: '/attacks/report-card',
  entry: (slug: string): string => `/attacks/${slug}`,
} as const;

const siblings: FramedPage['siblings'] = [
  { name: 'Every attack', path: attackPaths.index },
  { name: 'Report card', path: attackPaths.reportCard },
];

/** A page of the attack database. */
export function attackPage(
  about: Pick<FramedPage, 'title' | 'content'> & { readonly current?: string },
): FramedPage {
  const { current = null, ...rest } = about;
  const trail = current === null ? [{ name: 'Attacks', path: attackPaths.index }] : [];
  return { ...rest, section: 'attacks', siblings, current, trail, json: null };
}

/** Where the console opens a policy with what closes an attack's gaps as a draft; null: every attack's. */
export function applyHref(policy: string, server: string, slug: string | null): string {
  const search = new URLSearchParams({ server, attack: slug ?? 'all' });
  return `/console/policies/${encodeURIComponent(policy)}?${search.toString()}`;
}

/** Code and emphasis in a line of an entry. */
export function inline(text: string): readonly (Page | string)[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith('`')) return html`<code>${part.slice(1, -1)}</code>`;
    return part.startsWith('**') ? html`<strong>${part.slice(2, -2)}</strong>` : part;
  });
}
