import { request, type Agent } from 'node:http';

/** One answer, whole. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A stream that stays open. */
export interface OpenedStream {
  readonly status: number;
  /** Everything that came so far. */
  text(): string;
  /** Resolves when the other side ended it. */
  readonly closed: Promise<void>;
  end(): void;
}

/** Where and as whom requests are sent. */
export interface Client {
  readonly url: string;
  readonly token: string;
  readonly agent?: Agent;
}

/** JSON text of one `tools/call` of 2026-07-28, with the headers that must agree with it. */
export function modernCall(
  name: string,
  args: object,
  id: string | number = 1,
): { readonly body: string; readonly headers: Readonly<Record<string, string>> } {
  return modern('tools/call', { name, arguments: args }, { id, name });
}

/** Any request of 2026-07-28. */
export function modern(
  method: string,
  params: object,
  about: { readonly id?: string | number; readonly name?: string } = {},
): { readonly body: string; readonly headers: Readonly<Record<string, string>> } {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: about.id ?? 1,
    method,
    params: { _meta: meta, ...params },
  });
  const named = about.name === undefined ? {} : { 'mcp-name': about.name };
  return {
    body,
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...named },
  };
}

/** Sends one request over plain HTTP: nothing repairs what is sent, nothing tries again. */
export function post(
  client: Client,
  message: { readonly body: string; readonly headers?: Readonly<Record<string, string>> },
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(client.url, {
      method: 'POST',
      headers: { ...headersOf(client), ...message.headers },
      ...(client.agent === undefined ? {} : { agent: client.agent }),
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    sent.end(message.body);
  });
}

/** Opens a stream: a legacy GET, or any request whose answer goes on. */
export function openStream(
  client: Client,
  message: {
    readonly method: 'GET' | 'POST';
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<OpenedStream> {
  return new Promise((resolve, reject) => {
    const sent = request(client.url, {
      method: message.method,
      headers: { ...headersOf(client), ...message.headers },
      agent: false,
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', () => null);
      const closed = new Promise<void>((done) => response.on('close', () => done()));
      resolve({
        status: response.statusCode ?? 0,
        text: () => text,
        closed,
        end: () => sent.destroy(),
      });
    });
    sent.end(message.body);
  });
}

function headersOf({ token }: Client): Readonly<Record<string, string>> {
  return {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
}
