import { err, ok, type Result } from '../../base/result.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import { text } from '../arguments.ts';
import type { Handlers } from '../server.ts';
import data from './data.json' with { type: 'json' };
import type { CalendarEvent, World } from './world.ts';

const DAY_MS = 86_400_000;

interface Range {
  readonly startMs: number;
  readonly endMs: number;
}

/** The calendar tools: they only ever read. */
export function calendarHandlers(world: World): Handlers {
  return {
    'calendar.list_calendars': () => ok({ calendars: data.calendars }),
    'calendar.list_events': (args) =>
      withRange(args, (range) => {
        const calendarId = text(args, 'calendarId');
        const events = eventsIn(world, range);
        return events.filter((one) => calendarId === '' || one.calendarId === calendarId);
      }),
    'calendar.today': () => {
      const startMs = Math.floor(world.clock.nowMs() / DAY_MS) * DAY_MS;
      return ok({ events: listed(eventsIn(world, { startMs, endMs: startMs + DAY_MS })) });
    },
    'calendar.search': (args) =>
      withRange(args, (range) => {
        const query = text(args, 'query').toLowerCase();
        return eventsIn(world, range).filter((event) =>
          [event.title, event.notes, event.location].some((one) =>
            one.toLowerCase().includes(query),
          ),
        );
      }),
  };
}

function withRange(
  args: JsonObject,
  find: (range: Range) => readonly CalendarEvent[],
): Result<JsonObject, string> {
  const startMs = Date.parse(text(args, 'start'));
  const endMs = Date.parse(text(args, 'end'));
  if (Number.isNaN(startMs) || Number.isNaN(endMs))
    return err('start and end must be ISO 8601 dates');
  return ok({ events: listed(find({ startMs, endMs })) });
}

function eventsIn(world: World, { startMs, endMs }: Range): readonly CalendarEvent[] {
  return world.events.filter(
    (event) => Date.parse(event.start) < endMs && Date.parse(event.end) > startMs,
  );
}

function listed(events: readonly CalendarEvent[]): readonly JsonObject[] {
  return events.map((event) => ({ ...event }));
}
