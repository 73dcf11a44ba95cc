import type { Approval } from '../approvals/approval.ts';
import type { ApprovalStore } from '../approvals/approval-store.ts';
import {
  answerToken,
  signature,
  signatureHeader,
  type Announcement,
} from '../approvals/webhook.ts';
import type { Log } from '../base/log.ts';
import type { ApprovalsConfig } from '../config.ts';
import { attempt } from './attempt.ts';
import { systemClock } from './clock.ts';

type WebhookConfig = NonNullable<ApprovalsConfig['webhook']>;

/** What announcements are made of. */
export interface WebhookParts {
  readonly config: WebhookConfig;
  readonly store: ApprovalStore;
  readonly log: Log;
  /** Puts on record that a held call was announced to nobody. */
  readonly gaveUp: (approvalId: string, reason: string) => Promise<void>;
  /** Milliseconds before each further try, and for each try. */
  readonly pausesMs?: readonly number[];
  readonly timeoutMs?: number;
  /** Where the pages and the API are, without a slash at its end. */
  readonly baseUrl: () => string;
}

/** Announcements that wait to be sent: what comes on top is for the console and the command line. */
const queueMax = 1_000;
const timeoutMsDefault = 5_000;
/** An announcement may come twice, unlike a call: a program that got it knows it by its id. */
const pausesMsDefault = [1_000, 5_000];

/** Tells a program of every call that begins to wait, one after the other, signed. */
export class Webhook {
  readonly #parts: WebhookParts;
  readonly #queue: Approval[] = [];
  #sending: Promise<void> | null = null;
  #closed = new AbortController();

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  announce(approval: Approval): void {
    if (this.#queue.length >= queueMax) {
      void this.#giveUp(approval.id, 'too many wait to be announced');
      return;
    }
    this.#queue.push(approval);
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = null));
  }

  async close(): Promise<void> {
    this.#queue.length = 0;
    this.#closed.abort();
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const body = JSON.stringify(await this.#announcement(next));
      await this.#send(next.id, body);
    }
  }

  async #send(id: string, body: string): Promise<void> {
    const { config, pausesMs = pausesMsDefault, timeoutMs = timeoutMsDefault } = this.#parts;
    let failure = '';
    for (const pauseMs of [0, ...pausesMs]) {
      await pause(pauseMs, this.#closed.signal);
      if (this.#closed.signal.aborted) return;
      const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(timeoutMs)]);
      const sent = await attempt(() => post(config, body, signal));
      if (sent.ok && sent.value < 300) return;
      failure = sent.ok ? `HTTP ${sent.value}` : sent.error;
    }
    if (!this.#closed.signal.aborted) await this.#giveUp(id, failure);
  }

  async #giveUp(id: string, reason: string): Promise<void> {
    const { log, gaveUp } = this.#parts;
    log.warn('a held call could not be announced; answer it by hand', { id, detail: reason });
    await gaveUp(id, reason);
  }

  async #announcement(approval: Approval): Promise<Announcement> {
    const { config, store, baseUrl } = this.#parts;
    const exact = config.arguments ? await attempt(() => store.argumentsOf(approval.id)) : null;
    const text = exact?.ok === true ? exact.value : null;
    const [need] = approval.needs;
    return {
      type: 'approval.asked',
      id: approval.id,
      decisionId: approval.decisionId,
      grant: approval.grantLabel,
      principal: approval.principal,
      server: approval.server,
      tool: approval.tool,
      rule: need?.rule ?? '',
      reason: need?.reason ?? null,
      argumentNames: approval.argumentNames,
      ...(text === null ? {} : { arguments: text }),
      askedMs: approval.askedMs,
      expiresMs: approval.expiresMs,
      page: `${baseUrl()}/approvals/${approval.id}`,
      answer: {
        url: `${baseUrl()}/api/v1/approvals/answer`,
        token: answerToken(config.secret, approval),
      },
    };
  }
}

async function post(config: WebhookConfig, body: string, signal: AbortSignal): Promise<number> {
  const response = await fetch(config.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [signatureHeader]: signature(config.secret, body, systemClock.nowMs()),
    },
    body,
    redirect: 'error',
    signal,
  });
  await response.body?.cancel();
  return response.status;
}

function pause(ms: number, closed: AbortSignal): Promise<void> {
  if (ms === 0 || closed.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    closed.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
  });
}
