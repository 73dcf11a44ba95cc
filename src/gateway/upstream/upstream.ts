/** Header names in lower case. */
export type Headers = Readonly<Record<string, string>>;

/** On whose behalf a server is asked, and which one. */
export interface ExchangeOwner {
  readonly grant: { readonly id: string };
  readonly server: string;
}

/** One exchange with a server, in the shape of Streamable HTTP whatever the transport below is. */
export interface UpstreamRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  /** MCP headers that may travel: vetted by the gateway, never the client's own authorization. */
  readonly headers: Headers;
  /** The judged bytes, or null for GET and DELETE. */
  readonly body: Uint8Array | null;
  /** What the body is, so that a framed transport need not parse it again; null without a body. */
  readonly message: UpstreamMessage | null;
  /** The server's own session id, where the client has a session. */
  readonly sessionId: string | null;
  readonly era: 'legacy' | 'modern';
  /** Milliseconds until the first byte of an answer must be there; 0 waits for ever (streams). */
  readonly timeoutMs: number;
  /** Whose places and failures it counts among; absent for what the gateway asks by itself. */
  readonly owner?: ExchangeOwner;
}

export interface UpstreamMessage {
  readonly kind: 'request' | 'notification' | 'response';
  /** JSON text of the id, as the client wrote it (`1`, `"a"`); null for notifications. */
  readonly id: string | null;
  readonly method: string | null;
  /** JSON text of `params._meta.progressToken`, or null. */
  readonly progressToken: string | null;
}

/** `reached` is false only when it is certain that the server saw nothing of the request. */
export interface UpstreamFailure {
  readonly kind: 'unreachable' | 'timeout' | 'broken' | 'overloaded' | 'refused' | 'stopped';
  readonly reached: boolean;
  /** For the operator's log; never shown to an agent. */
  readonly detail: string;
}

/** Called in this order: `head` once, `data` any number of times, then `end` or `failed` once. */
export interface UpstreamListener {
  head(status: number, headers: Headers): void;
  data(chunk: Uint8Array): void;
  end(): void;
  failed(failure: UpstreamFailure): void;
}

/** Flow control and the end of one exchange. After `abort` the listener hears nothing more. */
export interface UpstreamExchange {
  pause(): void;
  resume(): void;
  abort(): void;
}

/** The port through which the gateway reaches one server. Adapters never retry. */
export interface Upstream {
  exchange(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange;
  /** Ends children and connections; resolves when they are gone. */
  close(): Promise<void>;
}
