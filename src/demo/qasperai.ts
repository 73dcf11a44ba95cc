import { newId } from '../base/id.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { JsonObject } from '../base/strict-json.ts';
import { flag, number, object, text } from './arguments.ts';
import businesses from './qasperai.businesses.json' with { type: 'json' };
import tools from './qasperai.tools.json' with { type: 'json' };
import type { DemoServer, ToolHandler } from './server.ts';
import { dayAfter, freeSlots, isDay, momentOf } from './slots.ts';

const BOOKINGS_MAX = 1000;
const INQUIRIES_MAX = 1000;
const DAYS_TO_SEARCH = 7;
const KM_PER_DEGREE = 111.2;
/** What an emergency adds to the price. */
const EMERGENCY_FACTOR = 1.5;

type Business = (typeof businesses)[number];
type Service = Business['services'][number];

interface Booking {
  readonly id: string;
  readonly slug: string;
  readonly service: string;
  readonly start: string;
  readonly minutes: number;
  readonly customerName: string;
  readonly clientRequestId: string;
}

interface Book {
  readonly bookings: Booking[];
  readonly inquiries: JsonObject[];
}

/** A stand-in for Qasperai: four invented businesses, and bookings that are kept in memory. */
export function createQasperai(): DemoServer {
  const book: Book = { bookings: [], inquiries: [] };
  return {
    name: 'qasperai',
    version: '1.0.0',
    instructions: 'A demo of local businesses. Names, prices and numbers are invented.',
    tools,
    calls: new Map(),
    handlers: {
      search_businesses: (args) => ok({ businesses: search(args).map(summarize) }),
      get_refinement_options: refinements,
      get_business_info: (args) => withBusiness(args, (one) => ok(describe(one))),
      get_services: (args) => withBusiness(args, (one) => ok({ services: one.services })),
      get_pricing: (args) => withService(args, (_, service) => ok(quote(service, args))),
      check_availability: (args) =>
        withService(args, (business, service) => {
          const day = text(args, 'date');
          if (!isDay(day)) return err('date must be a day such as 2026-12-01');
          return ok({ slots: slotsOf(book, { business, service, day }) });
        }),
      find_next_available_appointments: (args) => nextAppointments(book, args),
      book_appointment: (args) =>
        withService(args, (business, service) => reserve(book, { business, service, args })),
      send_inquiry: (args) => withBusiness(args, (one) => sendInquiry(book, one, args)),
      ask_business_agent: (args) => withBusiness(args, (one) => ok({ answer: reply(one, args) })),
    },
  };
}

function withBusiness(
  args: JsonObject,
  act: (business: Business) => Result<JsonObject, string>,
): Result<JsonObject, string> {
  const found = businesses.find((one) => one.slug === text(args, 'slug'));
  return found === undefined ? err('no such business: search first') : act(found);
}

function withService(
  args: JsonObject,
  act: (business: Business, service: Service) => Result<JsonObject, string>,
): Result<JsonObject, string> {
  return withBusiness(args, (business) => {
    const service = serviceNamed(business, text(args, 'serviceName'));
    return service === null ? err('no such service: ask get_services') : act(business, service);
  });
}

function serviceNamed(business: Business, name: string): Service | null {
  const wanted = name.toLowerCase();
  const services: readonly Service[] = business.services;
  return services.find((one) => one.name.toLowerCase().includes(wanted)) ?? null;
}

function search(args: JsonObject): readonly Business[] {
  const kind = text(args, 'subCategory').toLowerCase();
  const place = text(args, 'locationText').toLowerCase();
  const country = text(args, 'countryCode').toUpperCase();
  const mode = text(args, 'serviceMode');
  const filters = Object.entries(object(args, 'attributeFilters'));
  return businesses.filter((one) => {
    const attributes: JsonObject = one.attributes;
    return (
      one.subCategory === kind &&
      (place === '' || one.place.toLowerCase().includes(place)) &&
      (country === '' || one.countryCode === country) &&
      (mode === '' || one.serviceModes.includes(mode)) &&
      filters.every(([name, wanted]) => attributes[name] === wanted) &&
      isNear(one, args)
    );
  });
}

/** Near enough for a demo: degrees taken as equal distances, corrected for the latitude. */
function isNear(business: Business, args: JsonObject): boolean {
  const latitude = number(args, 'latitude', business.latitude);
  const longitude = number(args, 'longitude', business.longitude);
  const north = (business.latitude - latitude) * KM_PER_DEGREE;
  const narrowing = Math.cos((latitude * Math.PI) / 180);
  const east = (business.longitude - longitude) * KM_PER_DEGREE * narrowing;
  return Math.hypot(north, east) <= number(args, 'radiusKm', 25);
}

function summarize(business: Business): JsonObject {
  return { slug: business.slug, name: business.name, place: business.place };
}

function describe({
  slug,
  name,
  place,
  languages,
  opens,
  closes,
  email,
  phone,
}: Business): JsonObject {
  return { slug, name, place, languages, hours: `${opens}:00-${closes}:00 UTC`, email, phone };
}

const refinements: ToolHandler = (args) => {
  const found = businesses.filter((one) => one.subCategory === text(args, 'subCategory'));
  return ok({
    places: [...new Set(found.map((one) => one.place))],
    serviceModes: [...new Set(found.flatMap((one) => one.serviceModes))],
    attributes: [...new Set(found.flatMap((one) => Object.keys(one.attributes)))],
  });
};

function quote(service: Service, args: JsonObject): JsonObject {
  const emergency = flag(args, 'isEmergency');
  const amount = service.price * (emergency ? EMERGENCY_FACTOR : 1);
  return { service: service.name, amount, currency: 'EUR', emergency };
}

interface SlotSearch {
  readonly business: Business;
  readonly service: Service;
  readonly day: string;
}

function slotsOf(book: Book, { business, service, day }: SlotSearch): readonly string[] {
  const taken = book.bookings.filter((one) => one.slug === business.slug);
  return freeSlots(business, { day, minutes: service.minutes, taken });
}

function nextAppointments(book: Book, args: JsonObject): Result<JsonObject, string> {
  const startDate = text(args, 'startDate');
  if (!isDay(startDate)) return err('startDate must be a day such as 2026-12-01');
  const days = Array.from({ length: number(args, 'daysToSearch', DAYS_TO_SEARCH) }, (_, offset) =>
    dayAfter(startDate, offset),
  );
  const appointments = search(args).flatMap((business) => {
    const service = serviceNamed(business, text(args, 'serviceQuery'));
    if (service === null) return [];
    const slots = days.flatMap((day) => slotsOf(book, { business, service, day }));
    return slots
      .slice(0, 1)
      .map((start) => ({ slug: business.slug, service: service.name, start }));
  });
  return ok({ appointments: appointments.sort((a, b) => a.start.localeCompare(b.start)) });
}

interface Reservation {
  readonly business: Business;
  readonly service: Service;
  readonly args: JsonObject;
}

function reserve(book: Book, { business, service, args }: Reservation): Result<JsonObject, string> {
  const clientRequestId = text(args, 'clientRequestId');
  const known = book.bookings.find((one) => one.clientRequestId === clientRequestId);
  // The same request sent twice is one booking.
  if (known !== undefined) return ok({ booking: { ...known }, repeated: true });

  const start = momentOf(text(args, 'dateTime'));
  if (start === null) return err('dateTime must be a moment such as 2026-12-01T10:00:00Z');
  if (!slotsOf(book, { business, service, day: start.slice(0, 10) }).includes(start)) {
    return err('this slot is not open: ask check_availability');
  }
  if (book.bookings.length >= BOOKINGS_MAX) return err('the demo takes no more bookings');
  const booking: Booking = {
    id: newId('booking_'),
    slug: business.slug,
    service: service.name,
    start,
    minutes: service.minutes,
    customerName: text(args, 'customerName'),
    clientRequestId,
  };
  book.bookings.push(booking);
  return ok({ booking: { ...booking }, repeated: false });
}

function sendInquiry(book: Book, business: Business, args: JsonObject): Result<JsonObject, string> {
  if (book.inquiries.length >= INQUIRIES_MAX) return err('the demo takes no more messages');
  const id = newId('inquiry_');
  book.inquiries.push({ id, slug: business.slug, message: text(args, 'message') });
  return ok({ id, delivered: 'kept in memory; the businesses of the demo are invented' });
}

/** Not a model: it looks for a word it knows and answers from the entry of the business. */
function reply(business: Business, args: JsonObject): string {
  const question = text(args, 'question').toLowerCase();
  const offers = business.services.map((one) => `${one.name} (${one.price} EUR)`).join(', ');
  if (/price|cost|much|service|offer/.test(question)) return `${business.name} offers ${offers}.`;
  if (/open|hour|when/.test(question)) {
    return `${business.name} is open ${business.opens}:00 to ${business.closes}:00 UTC, not on Sundays.`;
  }
  if (/speak|language/.test(question)) return `We speak ${business.languages.join(', ')}.`;
  return `Please write to ${business.email}.`;
}
