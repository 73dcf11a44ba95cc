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
  const name = new Set(bag(server.name));
  const tools = server.toolNames.slice(0, siblingsMax).map((tool) => tool.slice(0, 200));
  const all = new Set([...name, ...bag((server.description ?? '').slice(0, 2000))]);
  for (const tool of tools) for (const word of bag(tool)) all.add(word);
  return {
    browser: some(name, browserTools) || [...name].some((word) => word.startsWith('browser')),
    database: some(name.difference(languageWords), databaseWords),
    offensive: some(all, offensiveWords),
    money: some(name, moneyWords) || count(all, moneyWords) > 3,
    crypto: some(name, cryptoNames) || count(all, cryptoNames) > 1,
    trade: some(name, tradeNames) || count(all, tradeWords) > 3,
  };
}

/** The field of one tool, from its own words first and its server's second. */
export function contextOf(tool: ToolText, server: ServerWords): Context {
  const title = bag(tool.title);
  const name = new Set([...bag(tool.name), ...title]);
  const prose = bag(tool.description);
  const args = tool.properties.flatMap((property) => bag(property.name));
  const own = new Set([...name, ...prose, ...args]);
  const text = new Set([...name, ...prose]);
  return {
    browser: server.browser || some(name, browserTools) || pointsAtUi(text),
    device: count(name, deviceWords) > 0 || count(text, deviceWords) > 1,
    money: server.money || inMoney(text),
    crypto: server.crypto || some(text, cryptoNames) || count(text, cryptoWords) > 1,
    trade: count(text, tradeWords) > 1 || (server.trade && text.has('order')),
    priced: some(new Set([...prose, ...args]), priceWords),
    pays: some(new Set(args), amounts) && some(new Set(args), payees),
    database: server.database,
    offensive: server.offensive || some(text, offensiveWords),
    own,
    description: tool.description,
  };
}

function inMoney(text: ReadonlySet<string>): boolean {
  return count(text, moneyWords) + (some(text, debts) ? 1 : 0) > 1;
}

function pointsAtUi(text: ReadonlySet<string>): boolean {
  return text.has('browser') || (text.has('page') && count(text, browserWords) > 1);
}

function bag(text: string): readonly string[] {
  const known = bags.get(text);
  if (known !== undefined) return known;
  const found = wordsOf(text);
  for (let index = found.length - 1; index >= 0; index -= 1) {
    const word = found[index] ?? '';
    const one = singular(word);
    if (one !== word) found.push(one);
  }
  if (text.length > rememberedUnitsMax) return found;
  if (bags.size >= rememberedMax) bags.clear();
  bags.set(text, found);
  return found;
}

const rememberedMax = 20_000;
const rememberedUnitsMax = 60;
const bags = new Map<string, readonly string[]>();

// A description is longer than a name may be, and its words need no places.
function wordsOf(text: string): string[] {
  if (text.length <= 200) {
    // "ERC20" is one word of prose and two of a name.
    const whole = text.toLowerCase().match(/[a-z]+[0-9]+/g) ?? [];
    return [...nameWords(text).map((word) => word.text), ...whole];
  }
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, 800);
}

function some(words: ReadonlySet<string>, list: ReadonlySet<string>): boolean {
  return !words.isDisjointFrom(list);
}

function count(words: ReadonlySet<string>, list: ReadonlySet<string>): number {
  let total = 0;
  for (const word of words) if (list.has(word)) total += 1;
  return total;
}
