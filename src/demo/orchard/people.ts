import { err, ok } from '../../base/result.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import { number, text } from '../arguments.ts';
import type { Handlers } from '../server.ts';
import data from './data.json' with { type: 'json' };

type Note = (typeof data.notes)[number];

/** The tools for notes and contacts, and the one that says how the machine is: they only read. */
export function peopleHandlers(): Handlers {
  return {
    'system.doctor': () => ok({ calendar: 'ok', mail: 'ok', reminders: 'ok', notes: 'ok' }),
    'notes.list_folders': () =>
      ok({
        folders: data.folders.map((folder) => ({
          ...folder,
          notes: data.notes.filter((note) => note.folder === folder.name).length,
        })),
      }),
    'notes.list_notes': (args) => {
      const [folder, account] = [text(args, 'folder'), text(args, 'account')];
      const found = data.notes.filter(
        (note) =>
          (folder === '' || note.folder === folder) && (account === '' || note.account === account),
      );
      return ok({ notes: found.slice(0, number(args, 'limit', 50)).map(noteHeader) });
    },
    'notes.search': (args) => {
      const query = text(args, 'query').toLowerCase();
      const found = data.notes.filter((note) =>
        searchedIn(note, text(args, 'searchIn', 'title'))
          .toLowerCase()
          .includes(query),
      );
      return ok({ notes: found.slice(0, number(args, 'limit', 20)).map(noteHeader) });
    },
    'notes.read_note': (args) => {
      const note = data.notes.find((one) => one.id === text(args, 'id'));
      if (note === undefined) return err('no such note');
      const max = number(args, 'maxBodyLength', 8000);
      return ok({ ...noteHeader(note), body: max === 0 ? note.body : note.body.slice(0, max) });
    },
    'contacts.list_groups': () =>
      ok({ groups: data.groups.map(({ name, members }) => ({ name, members: members.length })) }),
    'contacts.search': (args) => {
      const query = text(args, 'query').toLowerCase();
      const found = data.contacts.filter((one) =>
        [one.name, ...one.emails, ...one.phones].some((field) =>
          field.toLowerCase().includes(query),
        ),
      );
      const contacts = found.slice(0, number(args, 'limit', 20));
      return ok({ contacts: contacts.map(({ id, name, emails }) => ({ id, name, emails })) });
    },
    'contacts.read_contact': (args) => {
      const contact = data.contacts.find((one) => one.id === text(args, 'id'));
      return contact === undefined ? err('no such contact') : ok({ contact });
    },
  };
}

function noteHeader({ id, title, folder, account }: Note): JsonObject {
  return { id, title, folder, account };
}

function searchedIn({ title, body }: Note, field: string): string {
  if (field === 'title') return title;
  return field === 'body' ? body : `${title}\n${body}`;
}
