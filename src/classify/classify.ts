import type { Category } from '../policy/request.ts';
import { concerns } from './act.ts';
import type { Act, Role } from './act.ts';
import { contextOf, serverWords } from './context.ts';
import type { Context, ServerWords } from './context.ts';
import { readDescription } from './description.ts';
import { doubtName, plainlySaid } from './doubt.ts';
import { sentenceOf } from './evidence.ts';
import { lightVerbs } from './lexicon.ts';
import { readName, sharedPrefix } from './name.ts';
import type { NameReading, Prefix } from './name.ts';
import { classRiskOf, raise } from './risk.ts';
import { schemaActs, schemaHits } from './schema.ts';
import { senseOf } from './sense.ts';
import { signalsOf } from './signals.ts';
import { readTool } from './tool.ts';
import type {
  Classification,
  Field,
  Hit,
  ServerContext,
  ToolDefinition,
  ToolText,
} from './tool.ts';
import { nameWords } from './words.ts';

/** The categories from the most severe to the least: when several apply, the first wins. */
const bySeverity = ['Financial', 'Destructive', 'Execute', 'Write', 'Read'] as const;

// A hit counts for its verb's strength times the weight of the place where it stands.
const placeWeights: Readonly<Record<Field, number>> = {
  name: 1,
  description: 0.92,
  title: 0.8,
  inputSchema: 0.85,
  annotations: 0,
};
const roleWeights: Readonly<Record<Role, number>> = { main: 1, joined: 0.9, later: 0.4 };

/** A category applies when its heaviest hit is at least this part of the heaviest hit of all. */
const appliesFrom = 0.65;
/** Below this weight a hit is a rumour: the definition does not say. */
const saysFrom = 0.25;
const evidenceMax = 16;

interface Server {
  readonly words: ServerWords;
  readonly prefix: Prefix;
  /** The words of the server's own name. */
  readonly named: ReadonlySet<string>;
}

const servers = new WeakMap<ServerContext, Server>();

/**
 * Says what a tool does, how bad its misuse can be, and why (docs/reference/classification.md).
 * Pure and total: any definition has an answer; where it does not say, that is `Unclassified`.
 */
export function classifyTool(tool: ToolDefinition, server: ServerContext): Classification {
  const text = readTool(tool);
  const around = aroundOf(server);
  const context = contextOf(text, around.words);
  const { acts, hits } = readingOf(text, { context, around });
  const category = decide(hits);
  const found = signalsOf(text, category, acts);
  const evidence = [...hits, ...found.hits]
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, evidenceMax);
  const classRisk = classRiskOf(category);
  const raisedRisk = raise(classRisk, found.signals);
  const signals = found.signals;
  const sentence = sentenceOf({ category, raisedRisk, classRisk, signals, evidence });
  return { category, classRisk, raisedRisk, signals, evidence, sentence };
}

// What depends on the server alone is worked out once, for servers of hundreds of tools.
function aroundOf(server: ServerContext): Server {
  const known = servers.get(server);
  if (known !== undefined) return known;
  const named = new Set(nameWords(server.name).map((word) => word.text));
  const around = { words: serverWords(server), prefix: sharedPrefix(server), named };
  servers.set(server, around);
  return around;
}

function readingOf(
  text: ToolText,
  about: { readonly context: Context; readonly around: Server },
): { readonly acts: readonly Act[]; readonly hits: readonly Hit[] } {
  const name = readName({ text: text.name, field: 'name', path: '' }, about.around.prefix);
  const title = readName({ text: text.title, field: 'title', path: '' });
  const description = readDescription(text.description);
  const acts = [...name.acts, ...title.acts, ...description.acts, ...schemaActs(text)];
  const manner = {
    looks: namedForReading(name.acts, about.context),
    // The description does not open with its verb: what it goes on to say is said in passing.
    aside: (description.acts[0]?.sure ?? 1) < 0.95,
  };
  const hits = acts.flatMap((act) => hitOf(act, about.context, manner));
  const data = [name.data, description.data].filter((hit) => hit !== null);
  const all = [...hits, ...data, ...schemaHits(text, about.context), ...statements(text)];
  const said = plainlySaid(description.acts, hits);
  const doubt = { name, said, serverName: about.around.named };
  const told = said === null ? all : all.map((hit) => doubtName(hit, doubt));
  const readings = looksAhead(name, description.acts, hits) ? told.map(inert) : told;
  return { acts, hits: saysReadOnly(text, readings) ? readings.map(lessDescribed) : readings };
}

// Under a name that only looks, "run", "make" and "generate" tell how the answer is come by.
function namedForReading(acts: readonly Act[], context: Context): boolean {
  const [main] = acts;
  if (main === undefined || main.sure < 1 || acts.length > 1) return false;
  const sense = senseOf(main, context);
  return sense !== null && sense.category === 'Read' && sense.strength === 1;
}

const runnable = new Set(
  'code script scripts command commands javascript python shell function tool'.split(' '),
);

interface Manner {
  readonly looks: boolean;
  readonly aside: boolean;
}

function hitOf(act: Act, context: Context, manner: Manner): Hit[] {
  const sense = senseOf(act, context);
  if (sense === null) return [];
  const light =
    (sense.rule === 'verb' || /^(?:calls-anything|http-)/.test(sense.rule)) &&
    lightVerbs.has(act.verb) &&
    act.verb !== 'create' &&
    !concerns(act, runnable);
  const passing = manner.looks && act.field === 'description' && (light || manner.aside);
  const weight =
    (passing && sense.category !== 'Read' ? 0.6 : 1) *
    sense.strength *
    act.sure *
    placeWeights[act.field] *
    roleWeights[act.role];
  return [
    {
      field: act.field,
      path: act.path,
      start: act.start,
      end: act.end,
      quote: act.quote,
      rule: sense.rule === 'verb' ? `${act.role}-verb` : sense.rule,
      category: sense.category,
      weight: Math.round(weight * 1000) / 1000,
    },
  ];
}

function decide(hits: readonly Hit[]): Category {
  const heaviest = new Map<Category, number>();
  for (const { category, weight } of hits) {
    if (category !== null) heaviest.set(category, Math.max(weight, heaviest.get(category) ?? 0));
  }
  const most = Math.max(0, ...heaviest.values());
  if (most < saysFrom) return 'Unclassified';
  const applies = (each: Category): boolean => (heaviest.get(each) ?? 0) >= most * appliesFrom;
  return bySeverity.find(applies) ?? 'Unclassified';
}

// A preview of a deletion deletes nothing, whatever the words after "preview" say.
function looksAhead(name: NameReading, acts: readonly Act[], hits: readonly Hit[]): boolean {
  if (hits.some((hit) => hit.rule === 'acts-as-user')) return false;
  if (name.words.some((word) => looksOnly.has(word.text))) return true;
  const [main, ...rest] = acts;
  const first = name.acts[0]?.verb ?? '';
  if (main === undefined || !lookAhead.has(main.verb)) return false;
  if (rest.some((act) => act.role === 'joined')) return false;
  return looksOnly.has(main.verb) || lookAhead.has(first) || inertFrom.has(first);
}

const looksOnly = new Set(['preview', 'dryrun', 'simulate', 'whatif']);
// Verbs that only look ahead: where one is the main verb, what it looks at does not happen.
const lookAhead = new Set(
  'preview simulate validate dryrun whatif estimate verify lint plan check'.split(' '),
);
const inertFrom = new Set(['run', 'apply', 'refactor', 'execute', 'start', 'perform', 'process']);

function inert(hit: Hit): Hit {
  if (hit.category === null || hit.category === 'Read') return hit;
  return { ...hit, weight: Math.round(hit.weight * 300) / 1000, rule: `${hit.rule}-ahead` };
}

// "Manage profiles (read-only)" under a name that looks: the remark outranks the verb.
function saysReadOnly(text: ToolText, hits: readonly Hit[]): boolean {
  const named = hits.some((hit) => hit.field === 'name' && hit.category === 'Read');
  return named && /\(read[- ]only\)|^\W*read[- ]only\b/i.test(text.description);
}

function lessDescribed(hit: Hit): Hit {
  return hit.field === 'description' && hit.category !== 'Read' ? inert(hit) : hit;
}

const finality =
  /\b(?:irreversibl[ey]|cannot be (?:undone|reversed|recovered)|can't be undone|permanently (?:delet|remov|eras|destroy)\w+)/i;

const plainWords = [
  ['says-final', finality],
  ['says-crud', /\bCRUD\b/],
] as const;

function statements(text: ToolText): Hit[] {
  const hits: Hit[] = [];
  for (const [rule, pattern] of plainWords) {
    const match = pattern.exec(text.description);
    if (match === null) continue;
    const [quote] = match;
    const start = match.index;
    const place = { field: 'description' as const, path: '', start, end: start + quote.length };
    hits.push({ ...place, quote, rule, category: 'Destructive', weight: 0.6 });
  }
  return hits;
}
