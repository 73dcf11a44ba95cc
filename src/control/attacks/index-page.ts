import { html } from 'hono/html';

import { outcomeWords, type Attack } from '../../attacks/attack.ts';
import type { LastRun } from '../../attacks/last-run.ts';
import type { FramedPage, Page } from '../frame.ts';
import { table } from '../page-table.ts';
import { attackPage, inline } from './layout.ts';

/** What the index may be ordered by. */
export const orders = ['category', 'mcp', 'agentic', 'atlas'] as const;
export type Order = (typeof orders)[number];

const orderNames: Readonly<Record<Order, string>> = {
  category: 'by category',
  mcp: 'by OWASP MCP Top 10',
  agentic: 'by OWASP Agentic Top 10',
  atlas: 'by MITRE ATLAS',
};

const groupNames: Readonly<Record<string, string>> = {
  MCP01: 'Token Mismanagement & Secret Exposure',
  MCP02: 'Privilege Escalation via Scope Creep',
  MCP03: 'Tool Poisoning',
  MCP04: 'Supply Chain & Dependency Tampering',
  MCP05: 'Command Injection & Execution',
  MCP06: 'Prompt Injection via Contextual Payloads',
  MCP07: 'Insufficient Authentication & Authorization',
  MCP08: 'Lack of Audit & Telemetry',
  MCP09: 'Shadow MCP Servers',
  MCP10: 'Context Injection & Over-Sharing',
  ASI01: 'Goal Hijack',
  ASI02: 'Tool Misuse',
  ASI03: 'Identity & Privilege Abuse',
  ASI04: 'Supply Chain',
  ASI05: 'Unexpected Code Execution',
  ASI06: 'Memory & Context Poisoning',
  ASI07: 'Insecure Inter-Agent Communication',
  ASI08: 'Cascading Failures',
  ASI09: 'Human-Agent Trust Exploitation',
  ASI10: 'Rogue Agents',
};

/** The database as one table for each group. */
export function indexPage(
  attacks: readonly Attack[],
  last: LastRun | null,
  order: Order,
): FramedPage {
  const groups = groupsOf(attacks, order);
  return attackPage({
    title: 'Every attack',
    current: '/attacks',
    content: html`<h1>Attack database</h1>
      <p>
        ${attacks.length} documented attacks on agents that use tools. Each is replayed against this
        gateway: without it, with the control that stops it switched off, and with it.
      </p>
      ${lastRunLine(attacks, last)}
      <nav class="orders" aria-label="Order">
        ${orders.map(
          (one) =>
            html`<a href="/attacks?by=${one}" ${one === order ? html`aria-current="page"` : ''}
              >${orderNames[one]}</a
            >`,
        )}
      </nav>
      ${groups.map(
        ([name, group]) =>
          html`<h2>${name}${groupNames[name] === undefined ? '' : ` · ${groupNames[name]}`}</h2>
            ${groupTable(name, group, last)}`,
      )}`,
  });
}

/** What the last replay on this installation showed. */
export function lastRunLine(attacks: readonly Attack[], last: LastRun | null): Page {
  if (last === null) {
    return html`<p class="hint">
      Not replayed here yet: <code>npx portcullis attack run</code> takes some two minutes and
      reaches nothing but this machine.
    </p>`;
  }
  const failed = last.entries.filter(({ faults }) => faults.length > 0).length;
  const at = new Date(last.atMs).toISOString().slice(0, 16).replace('T', ' ');
  return html`<p class="${failed === 0 ? 'good' : 'bad'}" role="status">
    Last replay: ${at} UTC, version ${last.version}.
    ${failed === 0 ? `All ${last.entries.length} of ${attacks.length} entries came out as they claim.` : `${failed} entries did not come out as they claim.`}
  </p>`;
}

function groupsOf(
  attacks: readonly Attack[],
  order: Order,
): readonly (readonly [string, readonly Attack[]])[] {
  const groups = new Map<string, Attack[]>();
  for (const attack of attacks) {
    const { facts } = attack;
    const names = {
      category: [facts.category],
      mcp: facts.owaspMcp,
      agentic: facts.owaspAgentic,
      atlas: facts.atlas,
    }[order];
    for (const name of names.length === 0 ? ['not listed'] : names) {
      groups.set(name, [...(groups.get(name) ?? []), attack]);
    }
  }
  const entries = [...groups];
  if (order === 'category') return entries;
  return entries.toSorted(([a], [b]) =>
    a === 'not listed' ? 1 : b === 'not listed' ? -1 : a < b ? -1 : 1,
  );
}

function groupTable(name: string, group: readonly Attack[], last: LastRun | null): Page {
  return table({
    label: name,
    columns: ['Id', 'Attack', 'Evidence', 'Outcome', 'Last replay'],
    rows: group.map(({ facts, slug }) => [
      { content: facts.id, as: 'short' },
      html`<a href="/attacks/${slug}">${facts.title}</a>
        <div class="hint">${inline(facts.summary)}</div>`,
      facts.evidence.join(', '),
      facts.outcome === 'contain'
        ? { content: 'contain only', as: 'short wait' }
        : { content: outcomeWords[facts.outcome], as: 'short good' },
      { content: lastCell(last, slug), as: 'short' },
    ]),
  });
}

function lastCell(last: LastRun | null, slug: string): Page {
  const entry = last?.entries.find((one) => one.slug === slug);
  if (entry === undefined) return html`–`;
  if (entry.faults.length === 0) return html`<span class="good">proved</span>`;
  return html`<span class="bad">failed</span>`;
}
