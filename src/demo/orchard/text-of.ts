import type { Contents } from './world.ts';

/** What a file says as plain text: what a search looks at, and the size it is shown with. */
export function textOf(contents: Contents): string {
  switch (contents.kind) {
    case 'folder':
      return '';
    case 'text':
    case 'document':
      return contents.text;
    case 'spreadsheet':
      return contents.sheets
        .flatMap(({ name, cells }) => [name, ...[...cells].map(([at, cell]) => `${at}: ${cell}`)])
        .join('\n');
    case 'presentation':
      return contents.slides
        .flatMap(({ title, body, notes }) => [title, body, notes])
        .filter((line) => line !== '')
        .join('\n');
  }
}
