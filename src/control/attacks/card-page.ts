import { html } from 'hono/html';

import type { CardLine, Gap, ReportCard } from '../../attacks/report-card.ts';
import type { FramedPage, Page } from '../frame.ts';
import { table } from '../page-table.ts';
import { select, verdictCell, type Choices } from './apply.ts';
import { applyHref, attackPage, attackPaths } from './layout.ts';

/** A policy put to every attack, on the tools of a server. */
export interface Carded {
  readonly policy: string;
  readonly server: string;
  readonly card: ReportCard;
}

const gapsShown = 3;

/** The report card of a policy that is in force; null where there is nothing to put to the attacks. */
export function cardPage(carded: Carded | null, choices: Choices): FramedPage {
  return attackPage({
    title: 'Report card',
    current: attackPaths.reportCard,
    content: html`<h1>Report card</h1>
      <p class="lead">
        What a policy of yours does with every attack of the database, on the tools of a server of
        yours. Decisions alone are made, by the engine that makes them in the gateway: nothing is
        sent to any server.
      </p>
      ${
        carded === null
          ? html`<p>
              Nothing to judge yet: <a href="/console/servers">register a server</a>, and
              <a href="/console/policies">build a policy</a> for its tools.
            </p>`
          : html`${chooser(carded, choices)} ${summary(carded)} ${lines(carded)}`
      }`,
  });
}

function chooser({ policy, server }: Carded, { policies, servers }: Choices): Page {
  return html`<form class="row" method="get" action="${attackPaths.reportCard}">
    ${select('policy', 'Policy', policies, policy)} ${select('server', 'Server', servers, server)}
    <button type="submit">Show</button>
  </form>`;
}

function summary({ policy, server, card }: Carded): Page {
  const { counts, permitted, tools } = card;
  const shown: readonly (readonly [string, number, string])[] = [
    ['let through', counts.through, counts.through === 0 ? 'good' : 'bad'],
    ['limited', counts.limited, ''],
    ['held for a person', counts.held, ''],
    ['stopped', counts.stopped + counts.gateway, ''],
    ['need tools that are not here', counts.none, ''],
  ];
  return html`<ul class="counts" aria-label="In short">
      ${shown.map(([name, count, tone]) => html`<li class="${tone}"><strong>${count}</strong> ${name}</li>`)}
    </ul>
    <p>
      Of ${tools} tools on ${server} the policy permits ${permitted} in some way.
      ${permitted === 0 && tools > 0 ? 'It stops honest work as well.' : ''}
    </p>
    ${
      counts.through === 0
        ? ''
        : html`<p>
            <a class="button" href="${applyHref(policy, server, null)}"
              >Close the gaps of ${policy} as a draft…</a
            >
          </p>`
    }`;
}

function lines({ policy, server, card }: Carded): Page {
  const worst = card.lines.toSorted(
    (a, b) => Number(b.verdict === 'through') - Number(a.verdict === 'through'),
  );
  return table({
    label: 'Every attack',
    columns: ['Id', 'Attack', 'Verdict', 'By, or how it gets through', 'Apply'],
    rows: worst.map((line) => [
      { content: line.id, as: 'short' },
      html`<a href="${attackPaths.entry(line.slug)}">${line.title}</a>`,
      verdictCell(line),
      line.verdict === 'through' ? gaps(line.gaps) : rules(line),
      line.verdict === 'through'
        ? {
            content: html`<a href="${applyHref(policy, server, line.slug)}">Apply…</a>`,
            as: 'short',
          }
        : '',
    ]),
  });
}

function gaps(found: readonly Gap[]): Page {
  const more = found.length - gapsShown;
  return html`<ul class="gaps">
    ${found.slice(0, gapsShown).map(({ tool, what }) => html`<li><code>${tool}</code>: ${what}</li>`)}
    ${more > 0 ? html`<li class="hint">and ${more} more</li>` : ''}
  </ul>`;
}

function rules({ rules: names }: CardLine): Page {
  const more = names.length - 3;
  return html`${names.slice(0, 3).map((rule) => html`<code>${rule}</code> `)}${more > 0 ? `and ${more} more` : ''}`;
}
