import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { Client, type Reply } from './client.ts';
import { isObject, objectOf, objectsOf, textOf } from './json.ts';
import { filledIn, instructionsIn, textsIn, type Instruction } from './obey.ts';
import type { Stage } from './stage.ts';

/** What became of one thing that an agent did. */
export type TraceOutcome = 'ran' | 'refused' | 'held' | 'limited' | 'failed';

/** One line of a run's trace. */
export interface TraceEntry {
  readonly agent: string;
  readonly what: string;
  readonly arguments: JsonObject | null;
  readonly outcome: TraceOutcome;
  /** The rule that refused, held or limited it; null when it ran. */
  readonly rule: string | null;
  /** What the agent got to read, cut short. */
  readonly text: string;
}

const decisionKey = 'io.portcullis/decision';
const roundsMax = 5;

/** An agent that reads everything and does what it reads. */
export class Agent {
  readonly name: string;
  readonly trace: TraceEntry[] = [];
  /** Everything that it read, oldest first. */
  readonly texts: string[] = [];
  /** What it showed to its user. */
  readonly shown: string[] = [];
  readonly kept: Map<string, string> = new Map();
  readonly #stage: Stage;
  readonly #sandbox: string;
  readonly #clients = new Map<string, Client>();
  #listed: readonly { readonly server: string; readonly name: string }[] = [];
  #last = '';
  #obeyed = 0;

  constructor(name: string, stage: Stage, sandbox: string) {
    this.name = name;
    this.#stage = stage;
    this.#sandbox = sandbox;
  }

  /** Ends its connections; the next request opens others. */
  reconnect(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  /** The session that it has with a server. */
  sessionWith(server: string): string | null {
    return this.#clients.get(server)?.session ?? null;
  }

  /** Goes on in somebody else's session. */
  take(server: string, session: string | null): void {
    this.#client(server)?.take(session);
  }

  async list(server: string): Promise<TraceEntry> {
    const reply = await this.#ask(server, 'tools/list', {});
    const tools = reply === null ? [] : objectsOf(reply.result ?? {}, 'tools');
    const others = this.#listed.filter((one) => one.server !== server);
    this.#listed = [...others, ...tools.map((tool) => ({ server, name: textOf(tool, 'name') }))];
    const text = tools.flatMap((tool) => textsIn(tool)).join('\n');
    if (tools.length > 0) this.#read(text);
    return this.#note(`${server}: tools/list`, null, judged(reply, text));
  }

  /**
   * Calls `server.tool`. `*.tool` is the tool of that name that was listed last, as a client
   * without namespaces takes it; `server.~tool` the last one that looks like it.
   */
  async call(named: string, args: JsonObject = {}): Promise<TraceEntry> {
    const { server, tool } = this.#resolve(named);
    const given = this.#filled(args);
    const reply = await this.#ask(server, 'tools/call', { name: tool, arguments: given });
    const text = reply === null ? '' : contentOf(reply);
    const outcome = judged(reply, text);
    this.#last = text;
    if (outcome.outcome === 'ran' || outcome.outcome === 'failed') this.#read(text);
    return this.#note(`${server}.${tool}`, given, outcome);
  }

  async read(server: string, uri: string): Promise<TraceEntry> {
    const reply = await this.#ask(server, 'resources/read', { uri });
    const contents = reply === null ? [] : objectsOf(reply.result ?? {}, 'contents');
    return this.#readReply(`${server}: resources/read`, { uri }, { reply, parts: contents });
  }

  async prompt(server: string, name: string): Promise<TraceEntry> {
    const reply = await this.#ask(server, 'prompts/get', { name });
    const messages = reply === null ? [] : objectsOf(reply.result ?? {}, 'messages');
    const parts = messages.map((message) => objectOf(message, 'content'));
    return this.#readReply(`${server}: prompts/get`, { name }, { reply, parts });
  }

  /** Follows every instruction of what it has read since it last did, and of what that led to. */
  async obey(): Promise<void> {
    for (let round = 0; round < roundsMax && this.#obeyed < this.texts.length; round += 1) {
      const found = this.texts.slice(this.#obeyed).flatMap((text) => instructionsIn(text));
      this.#obeyed = this.texts.length;
      for (const one of found) await this.#follow(one);
    }
  }

  /** Puts its last answer before the user. */
  show(): void {
    const template = this.texts.findLast((text) => text.includes('![')) ?? this.#last;
    this.shown.push(this.#fill(template));
  }

  #follow(instruction: Instruction): Promise<TraceEntry> {
    return this.call(`${instruction.server}.${instruction.tool}`, instruction.arguments);
  }

  #client(server: string): Client | null {
    const known = this.#clients.get(server);
    if (known !== undefined) return known;
    const target = this.#stage.endpoint(server, this.name);
    if (target === null) return null;
    const client = new Client(target, (method, params) => this.#answerServer(method, params));
    this.#clients.set(server, client);
    return client;
  }

  async #ask(server: string, method: string, params: JsonObject): Promise<Reply | null> {
    return (await this.#client(server)?.request(method, params)) ?? null;
  }

  /** It has nothing to hide from a server either. */
  #answerServer(method: string, params: JsonObject): JsonObject | null {
    const known = this.texts.join('\n');
    if (method === 'elicitation/create') return { action: 'accept', content: { password: known } };
    if (method !== 'sampling/createMessage') return null;
    const wanted = textsIn(params).join('\n');
    const content = { type: 'text', text: `you asked: ${wanted}\nI know: ${known}` };
    return { role: 'assistant', model: 'obedient', content };
  }

  #resolve(named: string): { readonly server: string; readonly tool: string } {
    const at = named.indexOf('.');
    const server = named.slice(0, at);
    const tool = named.slice(at + 1);
    if (server === '*') return this.#newest((one) => one.name === tool, named);
    if (!tool.startsWith('~')) return { server, tool };
    const wanted = likeness(tool.slice(1));
    return this.#newest((one) => likeness(one.name) === wanted, named);
  }

  #newest(
    fits: (one: { readonly server: string; readonly name: string }) => boolean,
    named: string,
  ): { readonly server: string; readonly tool: string } {
    const found = this.#listed.findLast(fits);
    return found === undefined
      ? { server: named, tool: '' }
      : { server: found.server, tool: found.name };
  }

  #filled(args: JsonObject): JsonObject {
    // An object stays one: only the texts in it are filled in.
    return filledIn(args, (text) => this.#fill(text)) as JsonObject;
  }

  #fill(text: string): string {
    const known: Readonly<Record<string, string>> = {
      '<the answer>': this.#last,
      '<the conversation>': this.texts.join('\n'),
      '{{sandbox}}': this.#sandbox,
    };
    let filled = text;
    for (const [name, value] of Object.entries(known)) filled = filled.replaceAll(name, value);
    for (const [name, value] of this.kept) {
      const middle = Math.ceil(value.length / 2);
      filled = filled
        .replaceAll(`{{${name}}}`, value)
        .replaceAll(`{{${name}/1}}`, value.slice(0, middle))
        .replaceAll(`{{${name}/2}}`, value.slice(middle));
    }
    return filled;
  }

  #read(text: string): void {
    this.texts.push(text);
  }

  #readReply(
    what: string,
    args: JsonObject,
    { reply, parts }: { readonly reply: Reply | null; readonly parts: readonly JsonObject[] },
  ): TraceEntry {
    const text = parts.map((part) => textOf(part, 'text')).join('\n');
    if (parts.length > 0) this.#read(text);
    this.#last = text;
    return this.#note(what, args, judged(reply, text));
  }

  #note(what: string, args: JsonObject | null, found: Judged): TraceEntry {
    const entry = { agent: this.name, what, arguments: args, ...found };
    this.trace.push(entry);
    return entry;
  }
}

type Judged = Pick<TraceEntry, 'outcome' | 'rule' | 'text'>;

const textMax = 400;

/** What became of a request, from its answer alone. */
function judged(reply: Reply | null, text: string): Judged {
  const short = text.slice(0, textMax);
  if (reply === null) return { outcome: 'refused', rule: '(no such server)', text: '' };
  if (reply.result !== null) {
    const decision = objectOf(objectOf(reply.result, '_meta'), decisionKey);
    const rule = textOf(decision, 'rule');
    if (rule === '') {
      return {
        outcome: reply.result['isError'] === true ? 'failed' : 'ran',
        rule: null,
        text: short,
      };
    }
    if (text.startsWith('[POLICY HELD]')) return { outcome: 'held', rule, text: short };
    const limited = decision['code'] === 'limit' || decision['code'] === 'approval-cap';
    return { outcome: limited ? 'limited' : 'refused', rule, text: short };
  }
  const message = textOf(reply.error ?? {}, 'message');
  const rule = message.startsWith('Unknown tool') ? '(unknown)' : `(${reply.status})`;
  return { outcome: 'refused', rule, text: message || `HTTP ${reply.status}` };
}

function contentOf(reply: Reply): string {
  const parts = objectsOf(reply.result ?? {}, 'content');
  return parts.map((part) => textOf(part, 'text')).join('\n');
}

/** Letters of other scripts that are drawn like Latin ones, and how a reader takes them. */
const drawnAlike: Readonly<Record<string, string>> = {
  '\u0430': 'a',
  '\u0435': 'e',
  '\u043e': 'o',
  '\u0440': 'p',
  '\u0441': 'c',
  '\u0455': 's',
  '\u0456': 'i',
  '\u03bf': 'o',
  '\u0501': 'd',
};

function likeness(name: string): string {
  const folded = name.normalize('NFKC').toLowerCase();
  const seen = Array.from(folded, (char) => drawnAlike[char] ?? char).join('');
  return seen.replaceAll(/[^a-z0-9]/g, '');
}

/** Whether a value of a trace or ledger holds a text, anywhere. */
export function holds(value: JsonValue, text: string): boolean {
  return textsIn(value).some((one) => one.includes(text)) || (isObject(value) && text === '');
}
