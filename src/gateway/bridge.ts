import { applyEdits, membersAt, type Edit } from '../base/strict-json.ts';
import { peekAnswer, type Answer } from '../mcp/answer.ts';
import { errorResponse } from '../mcp/encode.ts';
import { createSseDecoder, encodeSseEvent } from '../mcp/sse.ts';
import { refusedFromServer } from './ask.ts';
import type { BridgeSession } from './bridge-sessions.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { askedBackMax } from './inquire.ts';
import { openBridgeSession } from './open-bridge.ts';
import type {
  Headers,
  Upstream,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamListener,
  UpstreamRequest,
} from './upstream/upstream.ts';

const bridged: ReadonlySet<string> = new Set(['tools/call', 'tools/list']);
const silent: UpstreamListener = { head() {}, data() {}, end() {}, failed() {} };

/**
 * A server of the legacy era alone, as clients of 2026-07-28 see it on the endpoint of all servers:
 * its tools, and nothing else of it. Sessions are the gateway's own, one call at a time in each;
 * what the server asks back is declined, as a client of that revision can be asked nothing.
 */
export function bridge(gateway: Gateway, caller: Caller, upstream: Upstream): Upstream {
  return {
    exchange(request, listener) {
      const exchange = new BridgedExchange({ gateway, caller, upstream, request }, listener);
      void exchange.start();
      return exchange;
    },
    close: () => Promise.resolve(),
  };
}

interface Bridged {
  readonly gateway: Gateway;
  readonly caller: Caller;
  readonly upstream: Upstream;
  readonly request: UpstreamRequest;
}

let nextId = 1;

/** One request, in a session of its own for as long as it takes. */
class BridgedExchange implements UpstreamExchange, UpstreamListener {
  readonly #of: Bridged;
  readonly #listener: UpstreamListener;
  readonly #decoder: ReturnType<typeof createSseDecoder>;
  readonly #id: string;
  #session: BridgeSession | null = null;
  #exchange: UpstreamExchange | null = null;
  #status = 0;
  #isStream = false;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #asked = 0;
  #paused = false;
  #over = false;

  constructor(of: Bridged, listener: UpstreamListener) {
    this.#of = of;
    this.#listener = listener;
    this.#decoder = createSseDecoder({ eventBytesMax: of.gateway.limits.answerBytesMax });
    this.#id = `"bridge ${(nextId += 1)}"`;
  }

  async start(): Promise<void> {
    const { gateway, caller, upstream, request } = this.#of;
    const { message, body } = request;
    if (body === null || message?.kind !== 'request' || !bridged.has(message.method ?? '')) {
      await Promise.resolve();
      return this.#fail({ kind: 'refused', reached: false, detail: 'not served to this era' });
    }
    const session =
      gateway.live.bridges.take(caller, upstream, gateway.clock.monotonicMs()) ??
      (await openBridgeSession(gateway, caller, upstream, (method) => this.#declined(method)));
    if (session === null) {
      return this.#fail({ kind: 'unreachable', reached: false, detail: 'no session was opened' });
    }
    if (this.#over) return this.#keep(session);
    this.#session = session;
    this.#exchange = upstream.exchange(this.#legacyRequest(session, body), this);
    if (this.#paused) this.#exchange.pause();
  }

  head(status: number, headers: Headers): void {
    this.#status = status;
    this.#isStream =
      status === 200 && (headers['content-type'] ?? '').startsWith('text/event-stream');
    if (this.#isStream) this.#listener.head(status, headers);
  }

  data(chunk: Uint8Array): void {
    if (this.#over) return;
    this.#bytes += chunk.length;
    if (!this.#isStream) {
      if (this.#bytes > this.#of.gateway.limits.answerBytesMax) return this.#broken('too-large');
      this.#chunks.push(chunk);
      return;
    }
    const events = this.#decoder.push(chunk);
    if (typeof events === 'string') return this.#broken(events);
    for (const event of events) if (event.data !== null) this.#event(event.data);
  }

  end(): void {
    if (this.#over) return;
    if (this.#isStream) return this.#broken('the stream ended without an answer');
    const answer = this.#status === 200 ? peekAnswer(Buffer.concat(this.#chunks)) : null;
    const text = answer === null ? null : this.#ours(answer);
    if (text === null) {
      // Even 404 is only the server's word that it ran nothing: units are not given back for that.
      return this.#fail({ kind: 'broken', reached: true, detail: `http ${this.#status}` });
    }
    this.#finish(() => {
      this.#listener.head(200, { 'content-type': 'application/json' });
      this.#listener.data(Buffer.from(text));
    });
  }

  failed(failure: UpstreamFailure): void {
    this.#fail(failure);
  }

  pause(): void {
    this.#paused = true;
    this.#exchange?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#exchange?.resume();
  }

  /** Closing the stream cancels (2026-07-28); the server is told in the way of its own era. */
  abort(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#session === null) return;
    const params = `{"requestId":${this.#id}}`;
    this.#tell(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`, null);
    this.#exchange?.abort();
    // The call may still run in it: the next one gets another.
    this.#endAtServer(this.#session);
  }

  #event(data: string): void {
    if (this.#over) return;
    const answer = peekAnswer(Buffer.from(data));
    if (answer.kind === 'request' && answer.id !== null) {
      this.#asked += 1;
      if (this.#asked > askedBackMax) return this.#broken('the server asks too much');
      this.#declined(answer.method ?? '');
      this.#tell(errorResponse(answer.id, -32601, 'not answered on this endpoint'), answer.id);
    } else if (answer.kind === 'notification') {
      this.#listener.data(encodeSseEvent({ data }));
    } else if (answer.kind === 'response') {
      const text = this.#ours(answer);
      if (text === null) return;
      this.#exchange?.abort();
      this.#finish(() => this.#listener.data(encodeSseEvent({ data: text })));
    }
  }

  /** What a server asks back reaches nobody: it is on record that it asked. */
  #declined(method: string): void {
    const { gateway, caller } = this.#of;
    void refusedFromServer(gateway, caller, method, 'not-aggregated');
  }

  /** The answer under the client's own id, and marked as 2026-07-28 marks it; null if not to us. */
  #ours(answer: Answer): string | null {
    const { message } = this.#of.request;
    if (answer.kind !== 'response' || answer.id !== this.#id || answer.idSpan === null) return null;
    const edits: Edit[] = [{ ...answer.idSpan, text: message?.id ?? 'null' }];
    if (answer.resultSpan !== null && answer.resultType === null) {
      const at = answer.resultSpan.start + 1;
      const rest = answer.text.slice(at).trimStart();
      const text = `"resultType":"complete"${rest.startsWith('}') ? '' : ','}`;
      edits.push({ start: at, end: at, text });
    }
    return Buffer.from(applyEdits(answer.text, edits)).toString('utf8');
  }

  #legacyRequest(session: BridgeSession, body: Uint8Array): UpstreamRequest {
    const { request } = this.#of;
    const text = Buffer.from(body).toString('utf8');
    const id = membersAt(text, text.indexOf('{')).find(({ key }) => key === 'id');
    const edits =
      id === undefined ? [] : [{ start: id.valueStart, end: id.valueEnd, text: this.#id }];
    const message = request.message === null ? null : { ...request.message, id: this.#id };
    return {
      ...request,
      headers: session.headers,
      body: applyEdits(text, edits),
      message,
      sessionId: session.upstreamId,
      era: 'legacy',
    };
  }

  /** A message to the server that nothing answers. */
  #tell(body: string, id: string | null): void {
    const { request, upstream } = this.#of;
    const session = this.#session;
    if (session === null) return;
    const kind = id === null ? 'notification' : 'response';
    const method = id === null ? 'notifications/cancelled' : null;
    upstream.exchange(
      {
        ...request,
        headers: session.headers,
        body: Buffer.from(body),
        message: { kind, id, method, progressToken: null },
        sessionId: session.upstreamId,
        era: 'legacy',
      },
      silent,
    );
  }

  #broken(detail: string): void {
    this.#exchange?.abort();
    this.#fail({ kind: 'broken', reached: true, detail });
  }

  /** A session in which something failed is not used again, and takes no place at its server. */
  #fail(failure: UpstreamFailure): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#session !== null) this.#endAtServer(this.#session);
    this.#listener.failed(failure);
  }

  #finish(say: () => void): void {
    this.#over = true;
    if (this.#session !== null) this.#keep(this.#session);
    say();
    this.#listener.end();
  }

  #keep(session: BridgeSession): void {
    const { gateway, caller } = this.#of;
    const dropped = gateway.live.bridges.give(caller, session, gateway.clock.monotonicMs());
    if (dropped !== null) this.#endAtServer(dropped);
  }

  #endAtServer({ upstream, headers, upstreamId: sessionId }: BridgeSession): void {
    if (sessionId === null) return;
    const { request } = this.#of;
    const end = { method: 'DELETE', body: null, message: null, era: 'legacy' } as const;
    upstream.exchange({ ...request, ...end, headers, sessionId }, silent);
  }
}
