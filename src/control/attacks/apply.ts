import { html } from 'hono/html';

import type { CardLine } from '../../attacks/report-card.ts';
import type { Snapshot } from '../../registry/snapshot.ts';
import type { Page } from '../frame.ts';
import type { Cell } from '../page-table.ts';
import { attackPaths } from './layout.ts';

/** What something can be applied to: names of policies, and of servers whose tools are known. */
export interface Choices {
  readonly policies: readonly string[];
  readonly servers: readonly string[];
}

/** What there is to choose from now. */
export function choicesOf(snapshot: Snapshot): Choices {
  const servers = [...snapshot.servers].filter(([, { tools }]) => tools !== null);
  return {
    policies: [...snapshot.policies.keys()].sort(),
    servers: servers.map(([name]) => name).sort(),
  };
}

const verdicts: Readonly<Record<CardLine['verdict'], string>> = {
  gateway: 'stopped by the gateway',
  none: 'no tool here can be used for it',
  stopped: 'stopped',
  held: 'held for a person',
  limited: 'limited',
  through: 'let through',
};

/** The cell of a table that says what becomes of an attack. */
export function verdictCell({ verdict }: CardLine): Cell {
  return { content: verdicts[verdict], as: verdict === 'through' ? 'name bad' : 'name good' };
}

/** Any policy, or one that is not there yet, and any server: the console opens it with the draft. */
export function applyForm({ policies, servers }: Choices, slug: string): Page {
  if (servers.length === 0) {
    return html`<p class="hint">
      Register a <a href="/console/servers">server</a> first: a rule is made for its tools.
    </p>`;
  }
  return html`<form class="row" method="get" action="${attackPaths.entry(slug)}/apply">
    ${select('policy', 'Policy', [...policies, newPolicy])} ${select('server', 'Server', servers)}
    <button type="submit">Apply as a draft…</button>
  </form>`;
}

/** What stands among the policies for one that is still to be named; no policy can be called so. */
export const newPolicy = 'a new policy';

/** A choice of one name. */
export function select(
  id: string,
  label: string,
  names: readonly string[],
  chosen: string | null = null,
): Page {
  return html`<div>
    <label for="${id}">${label}</label>
    <select id="${id}" name="${id}">
      ${names.map((name) => html`<option ${name === chosen ? 'selected' : ''}>${name}</option>`)}
    </select>
  </div>`;
}
