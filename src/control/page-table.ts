import { html } from 'hono/html';

import type { Page } from './frame.ts';

type Content = Page | string | number;

/** A cell that is more than what stands in it. */
interface Marked {
  readonly content: Content;
  /** `short` is never broken into lines, `name` is broken late; the others are colours. */
  readonly as: 'short' | 'name' | 'short good' | 'short wait' | 'name good' | 'name bad';
}

/** What stands in one column of one row; empty is nothing. */
export type Cell = Content | Marked;

/**
 * A table of a page that the gateway draws. One that is wider than the window is scrolled by itself,
 * by the keyboard too; on a phone each row is a block of lines, each with the name of its column.
 */
export function table(about: {
  /** What is in it, for whoever does not see it. */
  readonly label: string;
  readonly columns: readonly string[];
  /** As many cells as there are columns. */
  readonly rows: readonly (readonly Cell[])[];
}): Page {
  const { label, columns, rows } = about;
  return html`<div class="scrolled" role="region" aria-label="${label}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell, at) => cellOf(columns[at] ?? '', cell))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function cellOf(column: string, cell: Cell): Page {
  const { content, as } = isMarked(cell) ? cell : { content: cell, as: '' };
  if (content === '') return html`<td></td>`;
  if (as === '') return html`<td data-label="${column}">${content}</td>`;
  return html`<td data-label="${column}" class="${as}">${content}</td>`;
}

function isMarked(cell: Cell): cell is Marked {
  return typeof cell === 'object' && 'as' in cell;
}
