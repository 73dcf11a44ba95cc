import type { Clock } from '../../base/clock.ts';
import data from './data.json' with { type: 'json' };

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** A moment as ISO 8601 text, UTC. */
export type Moment = string;

export interface CalendarEvent {
  readonly id: string;
  readonly calendarId: string;
  readonly title: string;
  readonly notes: string;
  readonly location: string;
  readonly start: Moment;
  readonly end: Moment;
}

export interface Message {
  readonly id: string;
  readonly account: string;
  readonly mailbox: string;
  readonly subject: string;
  readonly sender: string;
  readonly to: string;
  readonly body: string;
  readonly date: Moment;
  readonly unread: boolean;
  readonly flagged: boolean;
  readonly attachments: readonly { readonly name: string; readonly text: string }[];
}

export interface Reminder {
  readonly id: string;
  readonly list: string;
  readonly title: string;
  readonly notes: string;
  readonly due: Moment | null;
  readonly priority: number;
  completed: boolean;
}

export type Cell = string | number;

export interface Sheet {
  readonly name: string;
  /** `B3` -> what the cell holds; a formula is text that begins with `=`. */
  readonly cells: Map<string, Cell>;
}

export interface Slide {
  title: string;
  body: string;
  notes: string;
  readonly layout: string;
}

/** What a file holds. A folder is a file without contents. */
export type Contents =
  | { readonly kind: 'folder' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'spreadsheet'; readonly sheets: Sheet[] }
  | { readonly kind: 'document'; text: string }
  | { readonly kind: 'presentation'; readonly theme: string; readonly slides: Slide[] };

/** Everything the demo's machine holds: one object, changed in place by the tools. */
export interface World {
  readonly clock: Clock;
  readonly events: readonly CalendarEvent[];
  readonly messages: readonly Message[];
  readonly drafts: unknown[];
  readonly reminderLists: { readonly id: string; readonly name: string }[];
  readonly reminders: Reminder[];
  /** Path below the home folder, without a leading slash -> contents. The home folder is ``. */
  readonly files: Map<string, Contents>;
  readonly trash: Map<string, Contents>;
}

/** Files, reminders and drafts that the demo keeps at most, each. */
export const ENTRIES_MAX = 2000;

/** A fresh machine. The sample events lie around the day on which it was made. */
export function createWorld(clock: Clock): World {
  const todayMs = Math.floor(clock.nowMs() / DAY_MS) * DAY_MS;
  const at = (day: number, hour: number): Moment =>
    new Date(todayMs + day * DAY_MS + hour * HOUR_MS).toISOString();
  return {
    clock,
    events: data.events.map(({ day, hour, minutes, ...event }) => ({
      ...event,
      start: at(day, hour),
      end: at(day, hour + minutes / 60),
    })),
    messages: data.messages.map(({ day, hour, ...message }) => ({
      ...message,
      date: at(day, hour),
    })),
    drafts: [],
    reminderLists: data.reminderLists.map((list) => ({ ...list })),
    reminders: data.reminders.map(({ day, ...one }) => ({ ...one, due: at(day, 12) })),
    files: createFiles(),
    trash: new Map(),
  };
}

function createFiles(): Map<string, Contents> {
  const files = new Map<string, Contents>([
    ['', { kind: 'folder' }],
    ['Documents', { kind: 'folder' }],
    ['Desktop', { kind: 'folder' }],
  ]);
  for (const [path, text] of Object.entries(data.texts)) files.set(path, { kind: 'text', text });
  for (const [path, rows] of Object.entries(data.spreadsheets)) {
    files.set(path, { kind: 'spreadsheet', sheets: [{ name: 'Sheet 1', cells: cellsOf(rows) }] });
  }
  for (const [path, text] of Object.entries(data.documents)) {
    files.set(path, { kind: 'document', text });
  }
  for (const [path, { theme, slides }] of Object.entries(data.presentations)) {
    const contents = slides.map((slide) => ({ ...slide, layout: 'Title and body' }));
    files.set(path, { kind: 'presentation', theme, slides: contents });
  }
  return files;
}

function cellsOf(rows: readonly (readonly Cell[])[]): Map<string, Cell> {
  const entries = rows.flatMap((row, down) =>
    row.map((cell, across): [string, Cell] => [`${columnName(across)}${down + 1}`, cell]),
  );
  return new Map(entries);
}

/** `A` for 0, `Z` for 25, `AA` for 26. */
export function columnName(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : columnName(Math.floor(index / 26) - 1) + letter;
}
