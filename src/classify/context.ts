import {
  browserWords,
  cryptoNames,
  cryptoWords,
  databaseWords,
  debts,
  deviceWords,
  moneyWords,
  offensiveWords,
  priceWords,
  tradeNames,
  tradeWords,
} from './nouns.ts';
import { remember } from './remember.ts';
import type { ServerContext, ToolText } from './tool.ts';
import { nameWords, singular } from './words.ts';

/** What the tool's own words and its siblings say about the field it works in. */
export interface Context {
  readonly browser: boolean;
  readonly device: boolean;
  readonly money: boolean;
  readonly crypto: boolean;
  readonly trade: boolean;
  /** A price or a payment is in the tool's description or schema. */
  readonly priced: boolean;
  /** The schema asks for an amount and for whom, or in what. */
  readonly pays: boolean;
  /** The server is named after a database. */
  readonly database: boolean;
  /** The server probes other machines. */
  readonly offensive: boolean;
  /** The words of the name, title, description and arguments. */
  readonly own: ReadonlySet<string>;
  readonly description: string;
}

/** What a server's own words say about its field, worked out once for all of its tools. */
export interface ServerWords {
  readonly browser: boolean;
  readonly database: boolean;
  readonly offensive: boolean;
  readonly money: boolean;
  readonly crypto: boolean;
  /** The server trades, so that an order of it is an order to buy or sell. */
  readonly trade: boolean;
}

const siblingsMax = 1000;
// A server that is named after queries may query anything.
const languageWords = new Set(['query', 'queries', 'statement', 'statements']);
const amounts = new Set(['amount', 'price', 'sats', 'lamports', 'wei', 'usd']);
const payees = new Set([
  'currency',
  'recipient',
  'to',
  'payee',
  'destination',
  'address',
  'iban',
  'mint',
  'beneficiary',
]);
const browserTools = new Set(
  `browser puppeteer playwright selenium chrome chromium webdriver browserbase stagehand pyppeteer
  desktop gui macos android mobile ios adb screenhand applescript uiautomator`.split(/\s+/),
);

/** The words of the server's name, its description and its tools' names. */
export function serverWords(server: ServerContext): ServerWords {
  const name = noneSeen();
  see(name, bag(server.name));
  const all = noneSeen();
  see(all, bag(server.name));
  see(all, bagOf((server.description ?? '').slice(0, 2000)));
  for (const tool of server.toolNames.slice(0, siblingsMax)) see(all, bag(tool.slice(0, 200)));
  const named = name.counts;
  return {
    browser: named.browserTools > 0 || [...name.words].some((word) => word.startsWith('browser')),
    database: some(name.words.difference(languageWords), databaseWords),
    offensive: all.counts.offensiveWords > 0,
    money: named.moneyWords > 0 || all.counts.moneyWords > 3,
    crypto: named.cryptoNames > 0 || all.counts.cryptoNames > 1,
    trade: some(name.words, tradeNames) || all.counts.tradeWords > 3,
  };
}

/** The field of one tool, from its own words first and its server's second. */
export function contextOf(tool: ToolText, server: ServerWords): Context {
  const prose = bagOf(tool.description);
  const args: string[] = [];
  for (const property of tool.properties) args.push(...bag(property.name));
  const seen = noneSeen();
  see(seen, bag(tool.name));
  see(seen, bag(tool.title));
  const namedForUi = seen.counts.browserTools > 0;
  const namedForDevice = seen.counts.deviceWords > 0;
  see(seen, prose);
  const text = {
    browser: server.browser || namedForUi || pointsAtUi(seen),
    device: namedForDevice || seen.counts.deviceWords > 1,
    money: server.money || inMoney(seen),
    crypto: server.crypto || seen.counts.cryptoNames > 0 || seen.counts.cryptoWords > 1,
    trade: seen.counts.tradeWords > 1 || (server.trade && seen.words.has('order')),
    offensive: server.offensive || seen.counts.offensiveWords > 0,
  };
  see(seen, args);
  return {
    ...text,
    priced: seen.counts.priceWords > 0 && (anyOf(prose, priceWords) || anyOf(args, priceWords)),
    pays: anyOf(args, amounts) && anyOf(args, payees),
    database: server.database,
    own: seen.words,
    description: tool.description,
  };
}

function inMoney({ counts }: Seen): boolean {
  return counts.moneyWords + (counts.debts > 0 ? 1 : 0) > 1;
}

function pointsAtUi({ words, counts }: Seen): boolean {
  return words.has('browser') || (words.has('page') && counts.browserWords > 1);
}

/** The different words seen so far, and how many of them stand on each list. */
interface Seen {
  readonly words: Set<string>;
  readonly counts: Record<List, number>;
}

const lists = {
  browserTools,
  browserWords,
  cryptoNames,
  cryptoWords,
  debts,
  deviceWords,
  moneyWords,
  offensiveWords,
  priceWords,
  tradeWords,
};
type List = keyof typeof lists;

// A word is looked up once for all the lists: most stand on none.
const listsOf = new Map<string, List[]>();
// The keys of `lists` are what `List` says.
for (const list of Object.keys(lists) as List[]) {
  for (const word of lists[list]) listsOf.set(word, [...(listsOf.get(word) ?? []), list]);
}

function noneSeen(): Seen {
  const counts = {
    browserTools: 0,
    browserWords: 0,
    cryptoNames: 0,
    cryptoWords: 0,
    debts: 0,
    deviceWords: 0,
    moneyWords: 0,
    offensiveWords: 0,
    priceWords: 0,
    tradeWords: 0,
  };
  return { words: new Set(), counts };
}

function see(seen: Seen, words: readonly string[]): void {
  for (const word of words) {
    if (seen.words.has(word)) continue;
    seen.words.add(word);
    const on = listsOf.get(word);
    if (on !== undefined) for (const list of on) seen.counts[list] += 1;
  }
}

// Names of tools and arguments come again and again, descriptions do not.
const bag = remember(bagOf);

function bagOf(text: string): readonly string[] {
  const found = wordsOf(text);
  for (let index = found.length - 1; index >= 0; index -= 1) {
    const word = found[index] ?? '';
    const one = singular(word);
    if (one !== word) found.push(one);
  }
  return found;
}

// A description is longer than a name may be, and its words need no places.
function wordsOf(text: string): string[] {
  if (text.length <= 200) {
    const words = nameWords(text).map((word) => word.text);
    // "ERC20" is one word of prose and two of a name.
    if (/[0-9]/.test(text)) words.push(...(text.toLowerCase().match(/[a-z]+[0-9]+/g) ?? []));
    return words;
  }
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, 800);
}

function anyOf(words: readonly string[], list: ReadonlySet<string>): boolean {
  for (const word of words) if (list.has(word)) return true;
  return false;
}

function some(words: ReadonlySet<string>, list: ReadonlySet<string>): boolean {
  return !words.isDisjointFrom(list);
}
