import { html } from 'hono/html';

import type { JsonObject } from '../../base/strict-json.ts';
import type { ToolEntry } from '../../catalogue/entry.ts';
import { textOf } from '../../catalogue/observation.ts';
import { signalLabels } from '../../classify/evidence.ts';
import { rateCounter } from '../../classify/recommend.ts';
import type { Hit } from '../../classify/tool.ts';
import type { FramedPage, Page } from '../frame.ts';
import { table } from '../page-table.ts';
import { kinds } from './index-page.ts';
import { cataloguePage, mark, paths, shortened, toolsTable, when } from './layout.ts';
import { changesList } from './server-page.ts';

/** A policy that a live grant uses and that can be edited here. */
export interface Target {
  readonly grant: string;
  readonly server: string;
  readonly policy: string;
}

/** An attack that needs a tool of this kind, with the case that shows it and the policy that stops it. */
export interface AttackLink {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** Addresses of its case and of the policy; null where no page shows it. */
  readonly href: string | null;
  readonly policy: string;
}

/** What came of one click. */
export interface Applied {
  readonly ok: boolean;
  readonly message: string;
}

/** A tool's page, with every section that the reference names. */
export function toolPage(about: {
  readonly tool: ToolEntry;
  readonly targets: readonly Target[];
  readonly attacks: readonly AttackLink[];
  readonly applied: Applied | null;
  /** The session's token, which the form must carry; empty without a session. */
  readonly csrf: string;
  /** Where whoever reads this can say what the tool is; null where they cannot. */
  readonly sayHref: string | null;
}): FramedPage {
  const { tool, targets, attacks, applied, csrf, sayHref } = about;
  const own = paths.tool(tool.server.slug, tool.slug);
  const description = textOf(tool.definition, 'description');
  return cataloguePage({
    title: `${tool.name} of ${tool.server.name}`,
    trail: [
      { name: 'Catalogue', path: paths.index },
      { name: tool.server.name, path: paths.server(tool.server.slug) },
    ],
    json: `${own}/json`,
    content: html`<h1>${tool.name || '(no name)'}</h1>
      <p>
        ${mark(tool.risk)} risk · ${mark(tool.category)} · on
        <a href="${paths.server(tool.server.slug)}">${tool.server.name}</a>
      </p>
      ${personsWord(tool)}
      ${sayHref === null ? '' : html`<p>Is it something else? <a href="${sayHref}">Say what it is</a>; policies go by that.</p>`}
      ${applied === null ? '' : html`<p class="notice ${applied.ok ? '' : 'bad'}" role="${applied.ok ? 'status' : 'alert'}">${applied.message}</p>`}
      ${tool.suspicions.map(({ path, message, quote }) => html`<p class="notice bad">Warning: <code>${path}</code> ${message}: “${quote}”</p>`)}
      <h2>Description</h2>
      ${description === '' ? html`<p>The server gives none.</p>` : html`<blockquote>${shortened(description, 12_000)}</blockquote>`}
      <h2>Signals</h2>
      ${
        tool.raising.length === 0
          ? html`<p>None that raise the risk of its category, ${tool.classRisk}.</p>`
          : html`<ul>
              ${tool.raising.map(({ id, atLeast }) => html`<li>${signalLabels[id]}: at least ${atLeast} risk</li>`)}
            </ul>`
      }
      <h2>What it does on this server</h2>
      <p>${doesWhat(tool)}</p>
      <h2>Why it needs a policy</h2>
      <p>${whyPolicy(tool)}</p>
      <h2>Evidence</h2>
      <p>${tool.sentence}</p>
      ${evidence(tool.evidence)}
      <h2>Attacks that abuse this kind of access</h2>
      ${
        attacks.length === 0
          ? html`<p>None in the attack database needs a tool of this kind.</p>`
          : html`<ul>
              ${attacks.map(
                ({ id, title, summary, href, policy }) =>
                  html`<li>
                    ${href === null ? html`<strong>${id} ${title}</strong>` : html`<a href="${href}">${id} ${title}</a>`}:
                    ${summary} Stopped by <code>${policy}</code>.
                  </li>`,
              )}
            </ul>`
      }
      <h2>Recommended policy</h2>
      <pre tabindex="0">${JSON.stringify(documentOf(tool), null, 2)}</pre>
      ${applyForm(tool, targets, csrf)} ${guidance(tool)}`,
  });
}

/** The document that a tool's page recommends: this rule, and everything else denied. */
export function documentOf(tool: Pick<ToolEntry, 'name' | 'policy'>): JsonObject {
  return { version: '1', default: 'deny', tools: { [tool.name]: tool.policy } };
}

/** What follows the rule: how to put it in force, what is like it, and what is often asked. */
function guidance(tool: ToolEntry): Page {
  return html`<h2>Three steps to put it in force</h2>
    <ol>
      <li>
        Save the document above as <code>policy.json</code>, or add its rule under
        <code>tools</code> of the policy that your grant uses.
      </li>
      <li>Check it: <code>portcullis policy check policy.json</code></li>
      <li>
        Give it to a grant:
        <code
          >portcullis grant create NAME --principal agent:NAME --server SERVER --policy policy</code
        >, and connect the client to the gateway with the grant's token.
      </li>
    </ol>
    <h2>Related tools</h2>
    ${tool.related.length === 0 ? html`<p>None.</p>` : toolsTable('Related tools', tool.related, true)}
    <h2>Questions and answers</h2>
    ${questions(tool)}
    <h2>History</h2>
    ${changesList(tool.history, false)}
    <h2>Definition</h2>
    <details>
      <summary>As the server sent it (about ${tool.tokens} tokens)</summary>
      <pre tabindex="0">${shortened(JSON.stringify(tool.definition, null, 2), 80_000)}</pre>
    </details>`;
}

/** What a person says of it, beside the classifier's answer above. */
function personsWord({ override, category, risk }: ToolEntry): Page {
  if (override === null) return html``;
  const { by, why, atMs, outdated } = override;
  return html`<p class="notice">
    ${by} says: ${mark(override.category)}, ${mark(override.risk)} risk, since ${when(atMs)},
    because “${shortened(why, 500)}”. The classifier says: ${category}, ${risk}.
    ${outdated ? 'The definition has changed since: until somebody looks at it again, the graver of both holds.' : 'Policies here go by the person.'}
  </p>`;
}

function applyForm(tool: ToolEntry, targets: readonly Target[], csrf: string): Page {
  if (targets.length === 0) {
    return html`<p class="hint">
      To apply it with one click, make a grant whose policy is kept by the gateway (not in its
      file).
    </p>`;
  }
  const [only] = targets;
  return html`<form
    class="row"
    method="post"
    action="${paths.tool(tool.server.slug, tool.slug)}/apply"
  >
    <input type="hidden" name="csrf" value="${csrf}" />
    ${
      targets.length === 1 && only !== undefined
        ? html`<input type="hidden" name="policy" value="${only.policy}" />`
        : html`<div>
            <label for="policy">Grant and policy</label>
            <select id="policy" name="policy">
              ${targets.map(({ grant, server, policy }) => html`<option value="${policy}">${grant}: ${policy} on ${server}</option>`)}
            </select>
          </div>`
    }
    <button type="submit">
      ${targets.length === 1 && only !== undefined ? `Apply to ${only.grant} (policy ${only.policy})` : 'Apply this rule'}
    </button>
  </form>`;
}

function doesWhat(tool: ToolEntry): string {
  const means = kinds.find(({ category }) => category === tool.category)?.means ?? '';
  const named = textOf(tool.definition, 'description').split(/(?<=[.!?])\s|\n/, 1)[0] ?? '';
  const said =
    named === ''
      ? 'The definition says nothing about it.'
      : `In its own words: “${shortened(named, 240)}”`;
  return `${said} It is taken for a tool of category ${tool.category}: ${means}`;
}

function whyPolicy(tool: ToolEntry): string {
  switch (tool.category) {
    case 'Read':
      return 'What it returns goes to the model: text of strangers among it can steer what the model does next, and private text can leave by another tool. A list of what is allowed keeps the two apart.';
    case 'Write':
      return 'An agent that repeats itself writes as fast as it can think. A rate keeps a loop from becoming a thousand changes that somebody has to undo.';
    case 'Execute':
      return 'What a call does depends on its arguments, and these are the model’s. A rate bounds the harm, and rules for arguments say what may be run at all.';
    case 'Destructive':
      return 'What it does cannot be undone. One call by mistake is one too many, so a person looks at each.';
    case 'Financial':
      return 'A call moves money or commits to pay. A person looks at each, and a daily limit bounds what a mistake can cost.';
    case 'Unclassified':
      return 'The definition does not say what a call does. Until a person has decided, a person looks at each call.';
  }
}

function evidence(hits: readonly Hit[]): Page {
  if (hits.length === 0)
    return html`<p>The definition has no word that says what the tool does.</p>`;
  return table({
    label: 'Evidence',
    columns: ['Where', 'Quoted', 'Rule', 'Speaks for', 'Weight'],
    rows: hits.map((hit) => [
      `${hit.field}${hit.path} ${hit.start}–${hit.end}`,
      `“${shortened(hit.quote, 80)}”`,
      html`<code>${hit.rule}</code>`,
      hit.category === null ? 'a higher risk, or a doubt' : mark(hit.category),
      hit.weight,
    ]),
  });
}

function questions(tool: ToolEntry): Page {
  const limits = JSON.stringify(tool.policy).includes('"limits"');
  const answers: readonly (readonly [string, string])[] = [
    [`What does ${tool.name} do?`, doesWhat(tool)],
    [
      `How is a policy on ${tool.name} enforced?`,
      'Every call goes through the gateway, which decides on it from the policy before the server sees it. What the policy does not allow is not forwarded, and the decision is on record.',
    ],
    [
      `How risky is ${tool.name}?`,
      `Its category has ${tool.classRisk} risk; with its signals it is ${tool.risk}.`,
    ],
    [
      `How do I limit the rate of ${tool.name}?`,
      limits
        ? `The recommended rule counts its calls in the counter ${rateCounter(tool.name)}; change max and window to your need.`
        : `Add a limit with the counter ${rateCounter(tool.name)} to its rule: {"counter": "${rateCounter(tool.name)}", "window": "minute", "max": 30, "scope": "grant"}.`,
    ],
    [
      `How do I block ${tool.name}?`,
      'Under a default of deny, leave it out. To hide it from the model too, give it the action hide.',
    ],
    [`Which server is ${tool.name} from?`, `${tool.server.name}.`],
  ];
  return html`<dl>
    ${answers.map(
      ([question, said]) =>
        html`<dt>${question}</dt>
          <dd>${said}</dd>`,
    )}
  </dl>`;
}
