import type { Category, Risk } from '../policy/request.ts';
import { concerns } from './act.ts';
import type { Act } from './act.ts';
import { words } from './lexicon.ts';
import { databaseWords, messageWords } from './nouns.ts';
import { remember } from './remember.ts';
import { keyHit } from './schema.ts';
import type { Hit, Property, Signal, SignalId, ToolText } from './tool.ts';
import { nameWords, singular } from './words.ts';

/** The signals of a tool, with the hits that show them. */
export interface Signals {
  readonly signals: readonly Signal[];
  readonly hits: readonly Hit[];
}

interface Sighting {
  readonly id: SignalId;
  readonly atLeast: Risk;
  readonly hit: Hit;
}

const set = (list: string): ReadonlySet<string> => new Set(words(list));
const senders = set('email tweet notify text dm sms message announce broadcast crosspost invite');
const posters = set('send post reply publish forward share resend submit comment');
const secrets =
  /^(?:.*_)?(?:password|passwd|passphrase|secret|credentials?|api_?key|private_?key|access_?token|auth_?token|bearer_?token|client_?secret|ssh_?key|mnemonic|seed_phrase|otp)$/i;
const secretWords = set('password credential secret apikey passphrase mnemonic');
const adminWords = set(
  'admin administrator permission role privilege iam sudo acl owner superuser',
);
const bulkWords = set('bulk batch mass');
const codeNames =
  /^(?:code|script|command|cmd|javascript|js|python|bash|shell|expression|function|source_?code)$/i;
const sqlNames = /^(?:sql|query|statement|sql_?query|cypher|sparql)$/i;
const urlNames = /^(?:.*_)?(?:url|uri|webhook|callback|endpoint|href)$/i;
const pathNames = /^(?:.*_)?(?:path|file_?path|file_?name|directory|dir|folder_path|cwd|workdir)$/i;
const shownMax = 3;

/** Looks for what raises a tool's risk: signals never change the category, nor lower a risk. */
export function signalsOf(text: ToolText, category: Category, acts: readonly Act[]): Signals {
  const sightings = [
    ...acts.flatMap((act) => actSightings(act, category)),
    ...nameSightings(text, category),
    ...text.properties.flatMap((property) => propertySightings(property, text, category)),
    ...hintSightings(text, category),
  ];
  const strongest = new Map<SignalId, Signal>();
  const hits = new Map<SignalId, Hit[]>();
  for (const { id, atLeast, hit } of sightings) {
    if (!strongest.has(id)) strongest.set(id, { id, atLeast });
    const shown = hits.get(id) ?? [];
    if (shown.length < shownMax) hits.set(id, [...shown, hit]);
  }
  return { signals: [...strongest.values()], hits: [...hits.values()].flat() };
}

function actSightings(act: Act, category: Category): Sighting[] {
  if (category === 'Read' || act.field === 'inputSchema') return [];
  const reaches = senders.has(act.verb) || (posters.has(act.verb) && concerns(act, messageWords));
  if (!reaches) return [];
  const { field, path, start, end, quote } = act;
  const about = { rule: 'signal-outbound-message', category: null, weight: 0.3 };
  return [
    { id: 'outbound-message', atLeast: 'High', hit: { field, path, start, end, quote, ...about } },
  ];
}

function nameSightings(text: ToolText, category: Category): Sighting[] {
  if (category === 'Read') return [];
  return nameWords(text.name).flatMap((word) => {
    const one = singular(word.text);
    const id = nameSignal(one);
    if (id === null) return [];
    const quote = text.name.slice(word.start, word.end);
    const place = { field: 'name' as const, path: '', start: word.start, end: word.end, quote };
    const hit = { ...place, rule: `signal-${id}`, category: null, weight: 0.3 };
    return [{ id, atLeast: 'High' as const, hit }];
  });
}

function nameSignal(word: string): SignalId | null {
  if (secretWords.has(word)) return 'credentials';
  if (adminWords.has(word)) return 'admin';
  if (bulkWords.has(word)) return 'bulk';
  return null;
}

function propertySightings(property: Property, text: ToolText, category: Category): Sighting[] {
  const id = propertySignal(property, text);
  if (id === null) return [];
  const atLeast = propertyFloor(id, category);
  const hit = keyHit(property, { rule: `signal-${id}`, category: null, weight: 0.25 });
  return [{ id, atLeast, hit }];
}

function propertySignal(property: Property, text: ToolText): SignalId | null {
  if (property.values.length > 0) return null;
  const named = signalNamed(property.name);
  if (named === 'credentials' || named === 'sql' || named === 'url') return named;
  if (named === 'query' && namesDatabase(text)) return 'sql';
  if (named === 'code' && property.type !== 'boolean') return 'code';
  if (property.format === 'uri') return 'url';
  return named === 'file-path' ? named : null;
}

// What an argument's name alone says; a `query` is SQL only where a database is named.
const signalNamed = remember((argument): SignalId | 'query' | null => {
  const name = nameWords(argument)
    .map((word) => word.text)
    .join('_');
  if (secrets.test(name)) return 'credentials';
  if (sqlNames.test(name)) return name.includes('sql') ? 'sql' : 'query';
  if (codeNames.test(name)) return 'code';
  if (urlNames.test(name)) return 'url';
  return pathNames.test(name) ? 'file-path' : null;
});

// What a Read tool is given is looked at, not run: the doubt is worth one step, not two.
function propertyFloor(id: SignalId, category: Category): Risk {
  if (id === 'url' || id === 'file-path') return 'Medium';
  return category === 'Read' && id !== 'credentials' ? 'Medium' : 'High';
}

function namesDatabase(text: ToolText): boolean {
  return nameWords(`${text.name} ${text.description}`).some(
    ({ text: word }) => databaseWords.has(word) && !['query', 'queries'].includes(word),
  );
}

function hintSightings(text: ToolText, category: Category): Sighting[] {
  const { readOnly, destructive } = text.hints;
  const found: Sighting[] = [];
  if (destructive === true && readOnly !== true) {
    const atLeast = category === 'Read' ? 'Medium' : 'High';
    found.push({ id: 'hint-destructive', atLeast, hit: hintHit('destructiveHint') });
  }
  const denies = readOnly === true && category !== 'Read';
  const doubts = readOnly === false && category === 'Read';
  if (denies || doubts) {
    found.push({ id: 'hint-conflict', atLeast: 'Low', hit: hintHit('readOnlyHint') });
  }
  return found;
}

function hintHit(key: string): Hit {
  const place = { field: 'annotations' as const, path: `/${key}`, start: 0, end: key.length };
  return { ...place, quote: key, rule: 'hint', category: null, weight: 0.2 };
}
