import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { JsonObject } from '../base/strict-json.ts';
import { Agent, holds, type TraceEntry } from './agent.ts';
import type { CallStep, Sign, Step } from './attack.ts';
import { Client, send } from './client.ts';
import { isObject, jsonOf, textOf, textsOf } from './json.ts';
import type { Stage } from './stage.ts';
import { fakeShell } from './servers/argv.ts';

/** What one run left behind, for signs to be looked for in. */
export interface Ran {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly trace: readonly TraceEntry[];
  /** Answers of a crowd that went to the wrong client. */
  readonly mixed: number;
}

/** What a run's steps act on. */
export interface Scene {
  readonly stage: Stage;
  readonly sandbox: string;
  /** Base address of a server itself. */
  readonly serverBase: (server: string) => string;
  /** Lets time pass for the servers. */
  readonly later: () => void;
  /** After `later` the gateway is to know of nothing that was reviewed before. */
  readonly forgets: boolean;
}

/** Carries the steps out, one after the other. */
export async function runSteps(scene: Scene, steps: readonly Step[]): Promise<Ran> {
  const run = new Run(scene);
  for (const step of steps) await run.step(step);
  for (const agent of run.agents.values()) agent.reconnect();
  return { agents: run.agents, trace: run.trace(), mixed: run.mixed };
}

const someone = 'agent';

class Run {
  readonly agents = new Map<string, Agent>();
  readonly #scene: Scene;
  readonly #world: TraceEntry[] = [];
  mixed = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  trace(): readonly TraceEntry[] {
    return [...[...this.agents.values()].flatMap((agent) => agent.trace), ...this.#world];
  }

  async step(step: Step): Promise<void> {
    if ('later' in step) return this.#later();
    if ('approve' in step) return this.#scene.stage.approve(step.approve);
    if ('crowd' in step) return this.#crowd(step.crowd, step.tool);
    if ('http' in step) return this.#http(step);
    if ('authorize' in step) return this.#authorize(step.authorize);
    const agent = this.#agent(step.as ?? someone);
    if ('steal' in step) {
      agent.take(step.steal, this.#agent(step.from).sessionWith(step.steal));
      await agent.call(`${step.steal}.${step.tool}`);
    } else if ('list' in step) await agent.list(step.list);
    else if ('obey' in step) await agent.obey();
    else if ('read' in step) await agent.read(step.read, step.uri);
    else if ('prompt' in step) await agent.prompt(step.prompt, step.name);
    else if ('show' in step) agent.show();
    else await this.#call(agent, step);
  }

  async #call(agent: Agent, step: CallStep): Promise<void> {
    for (let turn = 0; turn < (step.times ?? 1); turn += 1) {
      agent.kept.set('n', String(turn + 1));
      const { text } = await agent.call(step.call, step.arguments);
      if (step.keep === undefined) continue;
      for (const each of this.agents.values()) each.kept.set(step.keep, text);
      agent.kept.set(step.keep, text);
    }
  }

  #agent(name: string): Agent {
    const known = this.agents.get(name);
    if (known !== undefined) return known;
    const agent = new Agent(name, this.#scene.stage, this.#scene.sandbox);
    for (const other of this.agents.values()) {
      for (const [key, value] of other.kept) agent.kept.set(key, value);
    }
    this.agents.set(name, agent);
    return agent;
  }

  async #later(): Promise<void> {
    this.#scene.later();
    if (!this.#scene.forgets) return;
    await this.#scene.stage.forget();
    for (const agent of this.agents.values()) agent.reconnect();
  }

  /** Each client asks once for its own name, at the same time as all others, with the same id. */
  async #crowd(size: number, named: string): Promise<void> {
    const [server = '', tool = ''] = named.split('.');
    const target = this.#scene.stage.endpoint(server, someone);
    if (target === null) return;
    const asked = Array.from({ length: size }, async (_, index) => {
      const client = new Client(target, () => null);
      await client.open();
      const name = `client-${index}-of-the-crowd`;
      const params = { name: tool, arguments: { name, ms: 20 } };
      const { result } = await client.request('tools/call', params, 0);
      client.close();
      const got = JSON.stringify(result ?? {});
      return { own: got.includes(`"${name}"`), other: /client-\d+-of-the-crowd/.test(got) };
    });
    const answers = await Promise.all(asked);
    this.mixed += answers.filter(({ own, other }) => other && !own).length;
    const own = answers.filter((answer) => answer.own).length;
    this.#note(`${size} clients: ${named}`, {
      outcome: own === size ? 'ran' : 'failed',
      text: `${own} got their own answer, ${this.mixed} that of somebody else`,
    });
  }

  async #http(step: Extract<Step, { http: string }>): Promise<void> {
    const { stage, serverBase } = this.#scene;
    const base = step.outside === true ? serverBase(step.http) : stage.base(step.http);
    const token = stage.endpoint(step.http, someone)?.token ?? '';
    const operator = step.operator === true ? (stage.operatorKey ?? '') : token;
    const fill = (text: string): string =>
      text.replaceAll('{{token}}', operator).replaceAll('{{host}}', new URL(base).host);
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    for (const [name, value] of Object.entries(step.headers ?? {})) headers[name] = fill(value);
    const method = step.method ?? 'POST';
    const prefix = step.outside === true || step.operator === true ? '' : this.#prefix(step.http);
    const body = step.body === undefined ? '' : JSON.stringify(step.body);
    const reply = await send(`${base}${prefix}${step.path}`, { method, headers, body });
    const worked =
      step.status === undefined
        ? reply.status > 0 && reply.status < 400
        : reply.status === step.status;
    const what = `${method} ${step.path}${step.outside === true ? ' past the gateway' : ''}`;
    this.#note(what, {
      outcome: worked ? 'ran' : 'refused',
      text: `HTTP ${reply.status}`,
      rule: worked ? null : `(${reply.status})`,
    });
  }

  /** What stands before `/mcp` on the gateway. */
  #prefix(server: string): string {
    const url = this.#scene.stage.endpoint(server, someone)?.url ?? '';
    return new URL(url, 'http://localhost').pathname.replace(/\/mcp$/, '');
  }

  /** Opens whatever address the metadata names, with what some clients took for a shell-safe way. */
  async #authorize(server: string): Promise<void> {
    const target = this.#scene.stage.endpoint(server, someone);
    if (target === null) return;
    const refused = await new Client(target, () => null).open();
    const challenge = refused?.headers['www-authenticate'] ?? '';
    const metadataUrl = /resource_metadata="(?<url>[^"]+)"/.exec(challenge)?.groups?.['url'];
    if (metadataUrl === undefined) {
      return this.#note(`${server}: OAuth metadata`, {
        outcome: 'refused',
        text: textOf(refused?.error ?? {}, 'message') || 'no metadata came through',
        rule: `(${refused?.status ?? 200})`,
      });
    }
    const metadata = await send(metadataUrl, { method: 'GET', headers: {}, body: '' });
    const parsed = jsonOf(metadata.text);
    const address = isObject(parsed) ? textOf(parsed, 'authorization_endpoint') : '';
    fakeShell(this.#scene.sandbox, `open ${address}`);
    this.#note(`${server}: OAuth metadata`, { outcome: 'ran', text: `opened ${address}` });
  }

  #note(what: string, found: Pick<TraceEntry, 'outcome' | 'text'> & Partial<TraceEntry>): void {
    this.#world.push({ agent: someone, what, arguments: null, rule: null, ...found });
  }
}

/** The ledger of each server of a run. */
export type Ledgers = ReadonlyMap<string, readonly JsonObject[]>;

/** Whether every sign is there. */
export function allSigns(
  signs: readonly Sign[],
  ran: Ran,
  where: { readonly ledgers: Ledgers; readonly sandbox: string },
): boolean {
  return signs.every((sign) => {
    if ('mixed' in sign) return ran.mixed > 0;
    if ('file' in sign) return existsSync(join(where.sandbox, sign.file));
    if ('agent' in sign) {
      const agent = ran.agents.get(sign.agent);
      const texts = (sign.shown === true ? agent?.shown : agent?.texts) ?? [];
      return texts.some((text) => text.includes(sign.read));
    }
    const entries = where.ledgers.get(sign.server) ?? [];
    const fitting = entries.filter(
      (entry) => entry['did'] === sign.did && holds(entry, sign.containing ?? ''),
    );
    return fitting.length >= (sign.times ?? 1);
  });
}

/** The ledger that a child wrote into its sandbox. */
export async function ledgerOf(sandbox: string): Promise<readonly JsonObject[]> {
  const text = await readFile(join(sandbox, 'ledger.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const value = jsonOf(line);
    return isObject(value) ? [value] : [];
  });
}

/** Names of the agents that a scenario's steps speak of. */
export function agentsIn(steps: readonly Step[]): readonly string[] {
  const named = steps.flatMap((step) =>
    textsOf({ as: [('as' in step && step.as) || someone] }, 'as'),
  );
  return [...new Set([someone, ...named])];
}
