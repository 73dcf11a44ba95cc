import type { Receipt } from '../counters/counters.ts';
import type { IntentRecord } from '../audit/record.ts';
import { AggregateSessions } from './aggregate-state.ts';
import type { ResponseMessage } from '../mcp/message.ts';
import type { PinnedTool } from '../policy/index.ts';
import type { Downstream } from './downstream.ts';
import { LoopBreaker } from './loops.ts';
import { Questions } from './questions.ts';
import { Roster, type Entry } from './roster.ts';
import { BridgeSessions } from './bridge-sessions.ts';
import { TaskOwners } from './task-owners.ts';
import { RoundPasses } from './round-passes.ts';
import type { ExchangeOwner } from './upstream/upstream.ts';
import type { ClientAbility } from './client-ability.ts';

/** A call whose answer will come on another stream of its session. */
export interface DetachedCall {
  readonly intent: IntentRecord;
  readonly receipts: readonly Receipt[];
  /** Monotonic milliseconds when it was forwarded. */
  readonly sinceMs: number;
  readonly decideUs: number;
  readonly recordUs: number;
}

/** A request that was forwarded and is not answered. */
export interface UnderWay {
  /** The client does not want the answer any more. */
  cancelled(): void;
  /** The client asks for the rest of its streams: true when this exchange let go of one for it. */
  letGo(): boolean;
  /**
   * Its answer came on another stream: what is left of it is settled there, or was, on record, by
   * the same answer. False when no stream but its own may have it.
   */
  moved(): Promise<boolean>;
}

/** An exchange that an operator can end. */
export interface Stoppable extends Entry {
  readonly owner: ExchangeOwner | undefined;
  stop(): void;
}

/** What was last listed under a pinned tool's name. */
export interface ListedDefinition {
  /** SHA-256 of its text, base64. */
  readonly text: string;
  readonly isPinned: boolean;
}

/** Makes an exchange known to what comes later in its session; what it gives ends that. */
export type Announce = (exchange: UnderWay) => () => void;

interface OpenAnswer extends Entry {
  readonly grantId: string;
  readonly answer: Downstream;
}

interface OpenExchange extends Entry {
  readonly session: string;
  readonly id: string;
  readonly exchange: UnderWay;
}

const detachedMax = 10_000;
const declaredMax = 10_000;

/**
 * What is open right now: streams by grant, requests of servers that wait for a client's answer,
 * and calls whose answer is still to come. Nothing here decides; losing it only ends streams.
 */
export class LiveState {
  readonly aggregates: AggregateSessions = new AggregateSessions();
  /** Sessions with servers of the legacy era for clients of the other. */
  readonly bridges: BridgeSessions = new BridgeSessions();
  /** Tasks of servers, and the grants that they were made for. */
  readonly tasks: TaskOwners = new TaskOwners();
  /** Rounds of calls that are paid for. */
  readonly passes: RoundPasses = new RoundPasses();
  /** Requests of servers that wait for a client's answer. */
  readonly questions: Questions = new Questions();
  readonly loops: LoopBreaker = new LoopBreaker();
  /** Definitions that were compared with their pins: lists repeat. */
  readonly definitions: WeakMap<PinnedTool, ListedDefinition> = new WeakMap();
  /** What is under way with servers, answers and streams alike. */
  readonly exchanges: Roster<Stoppable> = new Roster();
  readonly #streams = new Map<string, Set<Downstream>>();
  readonly #answers = new Roster<OpenAnswer>();
  readonly #declared = new Map<string, string>();
  readonly #ableToOpen = new Set<string>();
  readonly #ownQuestions = new Map<string, (answer: ResponseMessage) => void>();
  readonly #detached = new Map<string, DetachedCall>();
  readonly #underWay = new Roster<OpenExchange>();

  /** Remembers what a client called itself when it opened a session: for records only. */
  declare(seal: string, client: string): void {
    if (this.#declared.size >= declaredMax) {
      const oldest = this.#declared.keys().next().value;
      if (oldest !== undefined) this.#declared.delete(oldest);
    }
    this.#declared.set(seal, client);
  }

  /** Remembers what a client said it can do when it opened a session; losing it asks less of it. */
  declareAbility(seal: string, { urlElicitation }: ClientAbility): void {
    if (!urlElicitation) return;
    const oldest = this.#ableToOpen.values().next().value;
    if (this.#ableToOpen.size >= declaredMax && oldest !== undefined) {
      this.#ableToOpen.delete(oldest);
    }
    this.#ableToOpen.add(seal);
  }

  abilityOf(seal: string): ClientAbility {
    return { urlElicitation: this.#ableToOpen.has(seal) };
  }

  /** Remembers a question of the gateway's own to a client until the function that it gives is called. */
  askOwn(session: string, id: string, answered: (answer: ResponseMessage) => void): () => void {
    const key = detachedKey(session, id);
    this.#ownQuestions.set(key, answered);
    return () => this.#ownQuestions.delete(key);
  }

  /** Whether an answer was to a question of the gateway's own, which is told of it. */
  answeredOwn(session: string, id: string, answer: ResponseMessage): boolean {
    const answered = this.#ownQuestions.get(detachedKey(session, id));
    answered?.(answer);
    return answered !== undefined;
  }

  declaredClient(seal: string): string | null {
    return this.#declared.get(seal) ?? null;
  }

  /** False when the grant has `max` streams already. */
  addStream(grantId: string, stream: Downstream, max: number): boolean {
    const streams = this.#streams.get(grantId) ?? new Set();
    if (streams.size >= max) return false;
    streams.add(stream);
    this.#streams.set(grantId, streams);
    return true;
  }

  removeStream(grantId: string, stream: Downstream): void {
    const streams = this.#streams.get(grantId);
    if (streams === undefined) return;
    streams.delete(stream);
    if (streams.size === 0) this.#streams.delete(grantId);
  }

  /** Ends every open stream of the grants for which `stillValid` is false. */
  cutStreams(stillValid: (grantId: string) => boolean): number {
    let cut = 0;
    for (const [grantId, streams] of this.#streams) {
      if (stillValid(grantId)) continue;
      for (const stream of streams) {
        stream.cut();
        cut += 1;
      }
      this.#streams.delete(grantId);
    }
    return cut;
  }

  /** Holds the answer of a call until the function that it gives is called. */
  beginAnswer(grantId: string, answer: Downstream): () => void {
    const open: OpenAnswer = { place: -1, grantId, answer };
    this.#answers.add(open);
    return () => this.#answers.remove(open);
  }

  /** Ends the answers under way of the grants for which `stillValid` is false. */
  cutAnswers(stillValid: (grantId: string) => boolean): void {
    for (const { grantId, answer } of this.#answers.all()) {
      if (!stillValid(grantId)) answer.cut();
    }
  }

  /** Ends what is under way for those of whom `isStopped` is true. */
  stopExchanges(isStopped: (owner: ExchangeOwner) => boolean): void {
    for (const exchange of this.exchanges.all()) {
      if (exchange.owner !== undefined && isStopped(exchange.owner)) exchange.stop();
    }
  }

  streamCount(): number {
    let count = 0;
    for (const streams of this.#streams.values()) count += streams.size;
    return count;
  }

  /** False when too many calls wait already, or one under this very id: this one is then over. */
  detach(session: string, id: string, call: DetachedCall): boolean {
    const key = detachedKey(session, id);
    if (this.#detached.size >= detachedMax || this.#detached.has(key)) return false;
    this.#detached.set(key, call);
    return true;
  }

  /** Takes the call out if it is still the one that waits under its id. */
  giveUpDetached(session: string, id: string, call: DetachedCall): boolean {
    const key = detachedKey(session, id);
    return this.#detached.get(key) === call && this.#detached.delete(key);
  }

  /** Takes the call that this answer belongs to; null when there is none. */
  reattach(session: string, id: string): DetachedCall | null {
    const key = detachedKey(session, id);
    const call = this.#detached.get(key) ?? null;
    this.#detached.delete(key);
    return call;
  }

  /** Remembers an exchange until the function that it gives is called. */
  begin(session: string, id: string, exchange: UnderWay): () => void {
    const open: OpenExchange = { place: -1, session, id, exchange };
    this.#underWay.add(open);
    return () => this.#underWay.remove(open);
  }

  /** The exchange of this id. Looked for among all: few messages ask, and every call begins one. */
  underWay(session: string, id: string): UnderWay | null {
    for (const open of this.#underWay) {
      if (open.id === id && open.session === session) return open.exchange;
    }
    return null;
  }

  /** How many exchanges of a session let go of the stream that their client lost. */
  letGo(session: string): number {
    const open = this.#underWay.all().filter((one) => one.session === session);
    return open.filter(({ exchange }) => exchange.letGo()).length;
  }
}

function detachedKey(session: string, id: string): string {
  return `${session.length}:${session}${id}`;
}
