import { html } from 'hono/html';

import type { Change, ServerEntry } from '../../catalogue/entry.ts';
import { gradeFormula, gradeTerms } from '../../catalogue/grade.ts';
import type { FramedPage, Page } from '../frame.ts';
import { cataloguePage, mark, paths, shortened, toolsTable, when } from './layout.ts';

const policyShownMax = 60_000;

/** A server: grade with its formula, posture, tools, what changed, the whole policy. */
export function serverPage(server: ServerEntry, history: readonly Change[]): FramedPage {
  const { name, version, identity, posture, grade, tokens, listed, policy, instructions } = server;
  const own = paths.server(server.slug);
  const text = JSON.stringify(policy, null, 2);
  return cataloguePage({
    title: name,
    trail: [
      { name: 'Catalogue', path: paths.index },
      { name: 'Servers', path: paths.servers },
    ],
    json: `${own}/json`,
    content: html`<h1>${name} <small>${version ?? ''}</small></h1>
      <ul class="facts">
        <li>Grade <span class="grade">${grade.letter}</span> (${grade.score} of 100)</li>
        <li><strong>${listed.length}</strong> tools</li>
        <li>about <strong>${tokens}</strong> tokens with every request</li>
        ${identity.package === null ? '' : html`<li>package <code>${identity.package}</code></li>`}
        ${identity.licence === null ? '' : html`<li>licence ${identity.licence}</li>`}
        <li>known by ${sourceOf(server)}, ${when(server.scannedMs)}</li>
      </ul>
      ${counts(server)}
      <h2>How the grade came about</h2>
      <p>${sentence(gradeFormula)} Grades compare servers; they prove nothing about one.</p>
      ${
        grade.deductions.length === 0
          ? html`<p>Nothing was deducted.</p>`
          : html`<ul>
              ${grade.deductions.map(({ points, why }) => html`<li>−${points}: ${why}</li>`)}
            </ul>`
      }
      <details>
        <summary>What can be deducted</summary>
        <ul>
          ${gradeTerms.map(({ each, most, what }) => html`<li>${each} for each, ${most} at most: ${what}</li>`)}
        </ul>
      </details>
      <h2>Posture</h2>
      <ul>
        <li>
          Reached by ${posture.transport === 'file' ? 'nothing: a saved list' : posture.transport}:
          <code>${shortened(posture.where, 200)}</code>
        </li>
        <li>Encrypted, or on one machine: ${answer(posture.encrypted)}</li>
        <li>
          Credentials:
          ${posture.credentials === 'given' ? 'were sent along' : posture.credentials === 'none' ? 'none; it answers whoever asks' : 'not known'}
        </li>
        <li>Revision of MCP: ${posture.protocolVersion ?? 'not known'}</li>
        <li>
          Asked of the client while it was read:
          ${posture.asks.length === 0 ? 'nothing' : posture.asks.join(', ')}
        </li>
      </ul>
      ${
        instructions === null
          ? ''
          : html`<h2>What it tells every model</h2>
              <blockquote>${shortened(instructions, 4_000)}</blockquote>`
      }
      <h2>Tools</h2>
      ${listed.length === 0 ? html`<p>It lists none.</p>` : toolsTable('Tools', listed, false)}
      <h2>Recommended policy</h2>
      <p><a href="${own}/policy.json" download>Download policy.json</a></p>
      <pre tabindex="0">
${text.length > policyShownMax ? `${text.slice(0, policyShownMax)}\n… the download has the rest` : text}</pre>
      <h2>What changed</h2>
      ${changesList(history, false)}`,
  });
}

/** The feed of changes over all servers. */
export function changesPage(changes: readonly Change[]): FramedPage {
  return cataloguePage({
    title: 'Changes',
    trail: [{ name: 'Catalogue', path: paths.index }],
    current: paths.changes,
    json: `${paths.changes}/json`,
    content: html`<h1>Changes</h1>
      <p>What readings of servers showed that was not so before, the newest first.</p>
      ${changesList(changes, true)}`,
  });
}

/** Changes as a list; with the server where there are several. */
export function changesList(changes: readonly Change[], withServer: boolean): Page {
  if (changes.length === 0) return html`<p>Nothing so far.</p>`;
  return html`<ul>
    ${changes.map(
      ({ atMs, kind, server, tool, detail }) =>
        html`<li>
          ${when(atMs)} · <strong>${kind}</strong>${
            withServer ? html` <a href="${paths.server(server.slug)}">${server.name}</a>` : ''
          }${
            tool === null
              ? ''
              : kind === 'gone'
                ? html` ${tool.name}`
                : html` <a href="${paths.tool(server.slug, tool.slug)}">${tool.name}</a>`
          }:
          ${detail}
        </li>`,
    )}
  </ul>`;
}

function counts({ counts: { category, risk } }: ServerEntry): Page {
  const list = (of: Readonly<Record<string, number>>): Page =>
    html`${Object.entries(of).map(([name, number]) => html`<li>${mark(name)} ${number}</li>`)}`;
  return html`<ul class="facts" aria-label="Tools by category">
      ${list(category)}
    </ul>
    <ul class="facts" aria-label="Tools by risk">
      ${list(risk)}
    </ul>`;
}

function sourceOf({ source }: ServerEntry): string {
  switch (source) {
    case 'scan':
      return 'a scan of the server itself';
    case 'import':
      return 'an imported list';
    case 'seed':
      return 'a scan that was shipped with Portcullis';
  }
}

function answer(value: boolean | null): string {
  return value === null ? 'not known' : value ? 'yes' : 'no';
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
