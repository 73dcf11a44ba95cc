const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** When a business is open, in whole hours of the day, UTC. */
export interface OpeningHours {
  readonly opens: number;
  readonly closes: number;
}

/** Whether a text is a calendar day that exists, as `2026-11-21`. */
export function isDay(day: string): boolean {
  const atMs = DATE.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  return Number.isFinite(atMs) && new Date(atMs).toISOString().startsWith(day);
}

/** The day `days` after a day. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** One form for a moment, whatever offset it was written with; null when it is no moment. */
export function momentOf(dateTime: string): string | null {
  const atMs = Date.parse(/(?:Z|[+-]\d{2}:\d{2})$/.test(dateTime) ? dateTime : `${dateTime}Z`);
  return Number.isFinite(atMs) ? new Date(atMs).toISOString() : null;
}

/** The starts that are still free on a day: on the hour, finished before closing. */
export function freeSlots(
  hours: OpeningHours,
  { day, minutes, taken }: SlotQuestion,
): readonly string[] {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  if (weekday === 0) return [];
  const slots: string[] = [];
  for (let hour = hours.opens; hour * 60 + minutes <= hours.closes * 60; hour += 1) {
    const start = `${day}T${String(hour).padStart(2, '0')}:00:00.000Z`;
    const overlaps = taken.some((one) => startsWithin(one, start, minutes));
    if (!overlaps) slots.push(start);
  }
  return slots;
}

/** `minutes` is how long the service takes; `taken` are the bookings of the business. */
export interface SlotQuestion {
  readonly day: string;
  readonly minutes: number;
  readonly taken: readonly { readonly start: string; readonly minutes: number }[];
}

function startsWithin(
  booking: { readonly start: string; readonly minutes: number },
  start: string,
  minutes: number,
): boolean {
  const bookedMs = Date.parse(booking.start);
  const startMs = Date.parse(start);
  return startMs < bookedMs + booking.minutes * 60_000 && bookedMs < startMs + minutes * 60_000;
}
