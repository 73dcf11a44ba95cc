import { html } from 'hono/html';

import { nameOf, outcomeWords, type Attack } from '../../attacks/attack.ts';
import { keptWay, type KeptRun, type LastRun } from '../../attacks/last-run.ts';
import type { CardLine } from '../../attacks/report-card.ts';
import { lastRunLine } from './index-page.ts';
import type { FramedPage, Page } from '../frame.ts';
import { table } from '../page-table.ts';
import { applyForm, verdictCell, type Choices } from './apply.ts';
import { applyHref, attackPage, inline } from './layout.ts';

/** What a policy that is in force does with the attack. */
export interface InForce {
  readonly server: string;
  readonly policy: string;
  readonly line: CardLine;
}

/** One entry: facts, text, the last replay side by side, the policy, and the policies in force. */
export function entryPage(
  attack: Attack,
  last: LastRun | null,
  { inForce, choices }: { readonly inForce: readonly InForce[]; readonly choices: Choices },
): FramedPage {
  const { facts, scenario, policy, slug } = attack;
  const own = last?.entries.some((one) => one.slug === slug) === true ? last : null;
  return attackPage({
    title: facts.title,
    content: html`<p class="hint">${facts.id} · ${facts.category}</p>
      <h1>${facts.title}</h1>
      <p>${inline(facts.summary)}</p>
      <dl class="facts">
        <dt>Outcome</dt>
        <dd>${facts.outcome === 'contain' ? 'contain only' : outcomeWords[facts.outcome]}</dd>
        <dt>What stops it</dt>
        <dd><code>${nameOf(scenario.control)}</code></dd>
        <dt>Evidence</dt>
        <dd>${facts.evidence.join(', ')}</dd>
        <dt>Sources</dt>
        <dd>${facts.sources.join('; ')}</dd>
        <dt>Listed as</dt>
        <dd>
          ${[...facts.owaspMcp, ...facts.owaspAgentic, ...facts.atlas].join(', ') || 'nothing'}
        </dd>
      </dl>
      ${sections(attack.text)}
      <h2>The last replay</h2>
      ${own === null ? lastRunLine([], null) : ''}
      <div class="sides">
        ${side('Without what stops it', keptWay(own, slug, 'open'))}
        ${side('With the recommended policy', keptWay(own, slug, 'guarded'))}
      </div>
      <h2>The recommended policy</h2>
      <pre tabindex="0"><code>${JSON.stringify(policy, null, 2)}</code></pre>
      <h2>Apply to…</h2>
      <p>
        What closes the attack's gaps is put into a policy of yours as a draft: the console shows
        what it changes, and nothing is in force before you save it.
      </p>
      ${inForceTable(inForce, slug)} ${applyForm(choices, slug)}`,
  });
}

/** The text of an entry: headings, paragraphs, code and emphasis, and no other markup. */
function sections(text: string): readonly Page[] {
  const blocks = text.split(/\n{2,}/).filter((block) => !block.startsWith('# '));
  return blocks.flatMap((block) => {
    if (block.startsWith('Outcome:')) return [];
    if (block.startsWith('## ')) return [html`<h2>${block.slice(3)}</h2>`];
    return [html`<p>${inline(block)}</p>`];
  });
}

function side(title: string, run: KeptRun | null): Page {
  const verdict =
    run === null
      ? html`<p class="hint">No replay is kept.</p>`
      : html`<p class="${run.harmed ? 'bad' : 'good'}">
          ${run.harmed ? 'The harm was done.' : 'The harm was not done.'}
        </p>`;
  return html`<section class="side">
    <h3>${title}</h3>
    ${verdict}
    <ol>
      ${(run?.steps ?? []).map(
        (step) =>
          html`<li>
            <code>${step.what}</code>${step.times > 1 ? ` × ${step.times}` : ''}
            <span
              class="${step.outcome === 'ran' ? '' : step.outcome === 'held' ? 'wait' : 'good'}"
            >
              ${step.outcome}${step.rule === '' ? '' : ` by ${step.rule}`}
            </span>
            ${step.arguments === '' ? '' : html`<div class="hint"><code>${step.arguments}</code></div>`}
          </li>`,
      )}
    </ol>
  </section>`;
}

function inForceTable(inForce: readonly InForce[], slug: string): Page {
  if (inForce.length === 0) {
    return html`<p class="hint">No grant has a policy for a server whose tools are known yet.</p>`;
  }
  return table({
    label: 'Policies in force',
    columns: ['Server', 'Policy in force', 'This attack', 'Tools that let it through', 'Apply'],
    rows: inForce.map(({ server, policy, line }) => [
      server,
      policy,
      verdictCell(line),
      [...new Set(line.gaps.map(({ tool }) => tool))].join(', '),
      line.gaps.length === 0
        ? { content: '–', as: 'short' }
        : {
            content: html`<a class="button" href="${applyHref(policy, server, slug)}"
              >Apply to ${policy}</a
            >`,
            as: 'short',
          },
    ]),
  });
}
