import type { Clock } from '../../base/clock.ts';
import type { DemoServer } from '../server.ts';
import { calendarHandlers } from './calendar.ts';
import { fileHandlers } from './files.ts';
import { keynoteHandlers } from './keynote.ts';
import { mailHandlers } from './mail.ts';
import { numbersHandlers } from './numbers.ts';
import { pagesHandlers } from './pages.ts';
import { peopleHandlers } from './people.ts';
import { reminderHandlers } from './reminders.ts';
import tools from './tools.json' with { type: 'json' };
import { createWorld } from './world.ts';

/** A stand-in for Orchard: its 65 tools, on a small invented machine that is kept in memory. */
export function createOrchard(clock: Clock): DemoServer {
  const world = createWorld(clock);
  return {
    name: 'orchard',
    version: '1.0.0',
    instructions: 'A demo of a desktop: calendar, mail, reminders, files, documents. All invented.',
    tools,
    calls: new Map(),
    handlers: {
      ...calendarHandlers(world),
      ...mailHandlers(world),
      ...reminderHandlers(world),
      ...fileHandlers(world),
      ...numbersHandlers(world),
      ...pagesHandlers(world),
      ...keynoteHandlers(world),
      ...peopleHandlers(),
    },
  };
}
