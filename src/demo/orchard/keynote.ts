import { err, ok, type Result } from '../../base/result.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import { number, text } from '../arguments.ts';
import type { Handlers } from '../server.ts';
import { createFile, exportFile, infoOf, searchKind, withFile, type Office } from './office.ts';
import { textOf } from './text-of.ts';
import type { Slide, World } from './world.ts';

const SLIDES_MAX = 500;
const THEMES = ['Plain', 'Dark', 'Paper'];

type Presentation = Office<'presentation'>;

/** The tools for presentations. Slides count from 1. */
export function keynoteHandlers(world: World): Handlers {
  const within = (args: JsonObject, act: (deck: Presentation) => Result<JsonObject, string>) =>
    withFile({ world, kind: 'presentation', args }, act);
  return {
    'keynote.search': (args) => ok(searchKind(world, 'presentation', args)),
    'keynote.list_themes': () => ok({ themes: THEMES }),
    'keynote.info': (args) =>
      within(args, (deck) =>
        ok({ ...infoOf(args, deck), theme: deck.theme, slides: deck.slides.length }),
      ),
    'keynote.list_slides': (args) => within(args, (deck) => ok({ slides: listed(deck) })),
    'keynote.read': (args) => within(args, (deck) => readSlides(deck, number(args, 'slide', 0))),
    'keynote.create': (args) => create(world, args),
    'keynote.add_slide': (args) => within(args, (deck) => addSlide(deck, args)),
    'keynote.edit_slide': (args) => within(args, (deck) => editSlide(deck, args)),
    'keynote.remove_slide': (args) =>
      within(args, (deck) => {
        if (slideAt(deck, number(args, 'slide', 0)) === null) return err('there is no such slide');
        deck.slides.splice(number(args, 'slide', 0) - 1, 1);
        return ok({ slides: deck.slides.length });
      }),
    'keynote.reorder_slides': (args) =>
      within(args, (deck) => reorder(deck, number(args, 'from', 0), number(args, 'to', 0))),
    'keynote.export': (args) => within(args, (deck) => exportFile(world, args, textOf(deck))),
  };
}

function listed(deck: Presentation): readonly JsonObject[] {
  return deck.slides.map((slide, index) => ({ slide: index + 1, ...slide }));
}

function slideAt(deck: Presentation, slide: number): Slide | null {
  return deck.slides[slide - 1] ?? null;
}

function readSlides(deck: Presentation, slide: number): Result<JsonObject, string> {
  if (slide === 0) return ok({ slides: listed(deck) });
  const one = slideAt(deck, slide);
  return one === null ? err('there is no such slide') : ok({ slides: [{ slide, ...one }] });
}

function create(world: World, args: JsonObject): Result<JsonObject, string> {
  const theme = text(args, 'theme', 'Plain');
  if (!THEMES.includes(theme)) return err(`no such theme: one of ${THEMES.join(', ')}`);
  return createFile(world, args, { kind: 'presentation', theme, slides: [] });
}

function addSlide(deck: Presentation, args: JsonObject): Result<JsonObject, string> {
  if (deck.slides.length >= SLIDES_MAX) return err('the presentation has too many slides');
  const after = Math.min(number(args, 'position', deck.slides.length), deck.slides.length);
  deck.slides.splice(after, 0, {
    title: text(args, 'title'),
    body: text(args, 'body'),
    notes: text(args, 'notes'),
    layout: text(args, 'layout', 'Title and body'),
  });
  return ok({ slide: after + 1, slides: deck.slides.length });
}

function editSlide(deck: Presentation, args: JsonObject): Result<JsonObject, string> {
  const slide = slideAt(deck, number(args, 'slide', 0));
  if (slide === null) return err('there is no such slide');
  slide.title = text(args, 'title', slide.title);
  slide.body = text(args, 'body', slide.body);
  slide.notes = text(args, 'notes', slide.notes);
  return ok({ slide: { ...slide } });
}

function reorder(deck: Presentation, from: number, to: number): Result<JsonObject, string> {
  const slide = slideAt(deck, from);
  if (slide === null || slideAt(deck, to) === null) return err('there is no such slide');
  deck.slides.splice(from - 1, 1);
  deck.slides.splice(to - 1, 0, slide);
  return ok({ slides: listed(deck) });
}
