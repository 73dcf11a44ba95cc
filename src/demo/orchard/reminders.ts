import { newId } from '../../base/id.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import { flag, number, text } from '../arguments.ts';
import type { Handlers } from '../server.ts';
import { ENTRIES_MAX, type Reminder, type World } from './world.ts';

const DAY_MS = 86_400_000;

/** The reminder tools, on lists in memory. */
export function reminderHandlers(world: World): Handlers {
  return {
    'reminders.list_lists': () => ok({ lists: world.reminderLists.map((list) => ({ ...list })) }),
    'reminders.list_reminders': (args) => {
      const list = text(args, 'list');
      const wanted = text(args, 'filter', 'incomplete');
      const found = world.reminders.filter(
        (one) => (list === '' || one.list === list) && passes(world, one, wanted),
      );
      return ok({ reminders: listed(found.slice(0, number(args, 'limit', 50))) });
    },
    'reminders.today': () => {
      const due = world.reminders.filter((one) =>
        ['overdue', 'dueToday'].some((filter) => passes(world, one, filter)),
      );
      return ok({ reminders: listed(due) });
    },
    'reminders.create_list': (args) => createList(world, text(args, 'name')),
    'reminders.create_reminder': (args) => createReminder(world, args),
    'reminders.complete_reminder': (args) => {
      const found = world.reminders.find((one) => one.id === text(args, 'id'));
      if (found === undefined) return err('no such reminder');
      found.completed = true;
      return ok({ reminder: { ...found } });
    },
    'reminders.delete_reminder': (args) => {
      const at = world.reminders.findIndex((one) => one.id === text(args, 'id'));
      if (at === -1) return err('no such reminder');
      world.reminders.splice(at, 1);
      return ok({ deleted: true });
    },
    'reminders.delete_list': (args) => deleteList(world, args),
  };
}

function listed(reminders: readonly Reminder[]): readonly JsonObject[] {
  return reminders.map((one) => ({ ...one }));
}

function passes(world: World, reminder: Reminder, filter: string): boolean {
  if (filter === 'all') return true;
  if (filter === 'completed') return reminder.completed;
  if (reminder.completed) return false;
  if (filter === 'incomplete') return true;
  const today = Math.floor(world.clock.nowMs() / DAY_MS);
  const due = reminder.due === null ? Number.NaN : Math.floor(Date.parse(reminder.due) / DAY_MS);
  return filter === 'overdue' ? due < today : due === today;
}

function createList(world: World, name: string): Result<JsonObject, string> {
  if (world.reminderLists.some((list) => list.name === name)) return err('the list exists already');
  if (world.reminderLists.length >= ENTRIES_MAX) return err('the demo keeps no more lists');
  const list = { id: newId('list_'), name };
  world.reminderLists.push(list);
  return ok({ list });
}

function createReminder(world: World, args: JsonObject): Result<JsonObject, string> {
  const list = text(args, 'list');
  if (!world.reminderLists.some((one) => one.name === list)) return err('there is no such list');
  if (world.reminders.length >= ENTRIES_MAX) return err('the demo keeps no more reminders');
  const dueMs = Date.parse(text(args, 'due'));
  if (text(args, 'due') !== '' && Number.isNaN(dueMs)) return err('due must be an ISO 8601 date');
  const reminder: Reminder = {
    id: newId('reminder_'),
    list,
    title: text(args, 'title'),
    notes: text(args, 'notes'),
    due: Number.isNaN(dueMs) ? null : new Date(dueMs).toISOString(),
    priority: number(args, 'priority', 0),
    completed: false,
  };
  world.reminders.push(reminder);
  return ok({ reminder: { ...reminder } });
}

function deleteList(world: World, args: JsonObject): Result<JsonObject, string> {
  const at = world.reminderLists.findIndex((list) => list.id === text(args, 'id'));
  const list = world.reminderLists[at];
  if (list === undefined) return err('no such list');
  const kept = world.reminders.filter((one) => one.list !== list.name);
  const lost = world.reminders.length - kept.length;
  if (lost > 0 && !flag(args, 'force')) return err(`the list holds ${lost} reminders: use force`);
  world.reminderLists.splice(at, 1);
  world.reminders.splice(0, world.reminders.length, ...kept);
  return ok({ deleted: true, remindersDeleted: lost });
}
