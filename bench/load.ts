// The load generator, a process of its own: opens `clients` connections, keeps one `tools/call` in
// flight on each, checks every answer, and reports by messages to its parent: `measuring` when the
// warm-up is over, then the figures.
import { HttpConnection } from './http-client.ts';
import { addLatency, emptyLatencies, percentile } from './latency.ts';

const WARM_UP_MS = 1000;

/** What the parent asks for. `headers` are whole header lines with their ends. */
export interface LoadOrder {
  readonly url: string;
  readonly headers: string;
  readonly clients: number;
  readonly seconds: number;
  readonly argsBytes: number;
}

/** What one measured run gave. */
export interface LoadFigures {
  readonly calls: number;
  readonly seconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export type LoadReport =
  | { readonly kind: 'measuring' }
  | { readonly kind: 'figures'; readonly figures: LoadFigures }
  | { readonly kind: 'failed'; readonly message: string };

interface Run {
  readonly text: string;
  readonly latencies: ReturnType<typeof emptyLatencies>;
  fromMs: number;
  untilMs: number;
  calls: number;
}

async function measure(order: LoadOrder): Promise<LoadFigures> {
  const run: Run = {
    text: 'x'.repeat(order.argsBytes),
    latencies: emptyLatencies(),
    fromMs: Number.POSITIVE_INFINITY,
    untilMs: Number.POSITIVE_INFINITY,
    calls: 0,
  };
  const clients = await Promise.all(Array.from({ length: order.clients }, () => openClient(order)));
  setTimeout(() => {
    run.fromMs = performance.now();
    run.untilMs = run.fromMs + order.seconds * 1000;
    report({ kind: 'measuring' });
  }, WARM_UP_MS);
  await Promise.all(clients.map((client) => keepCalling(client, run)));
  for (const client of clients) client.connection.close();
  return {
    calls: run.calls,
    seconds: order.seconds,
    p50Us: percentile(run.latencies, 0.5),
    p99Us: percentile(run.latencies, 0.99),
  };
}

interface Client {
  readonly connection: HttpConnection;
  readonly headers: string;
}

async function openClient({ url, headers }: LoadOrder): Promise<Client> {
  const connection = await HttpConnection.open(new URL(url));
  const clientInfo = { name: 'bench', version: '1' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  const message = { jsonrpc: '2.0', id: 0, method: 'initialize', params };
  const opened = await connection.post(headers, JSON.stringify(message));
  if (opened.status !== 200) throw new Error(`initialize got ${opened.status}: ${opened.body}`);
  const session = /\r\nmcp-session-id: *([^\r]+)/i.exec(opened.head)?.[1];
  const withSession = session === undefined ? headers : `${headers}Mcp-Session-Id: ${session}\r\n`;
  const told = await connection.post(
    withSession,
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
  );
  if (told.status >= 300) throw new Error(`notifications/initialized got ${told.status}`);
  return { connection, headers: withSession };
}

async function keepCalling({ connection, headers }: Client, run: Run): Promise<void> {
  for (let id = 1; ; id += 1) {
    const startMs = performance.now();
    const answer = await connection.post(headers, callText(id, run.text));
    const endMs = performance.now();
    if (answer.status !== 200 || !isEcho(answer.body, id, run.text)) {
      throw new Error(`a wrong answer, ${answer.status}: ${answer.body.slice(0, 500)}`);
    }
    if (endMs >= run.untilMs) return;
    if (startMs < run.fromMs) continue;
    run.calls += 1;
    addLatency(run.latencies, endMs - startMs);
  }
}

function callText(id: number, text: string): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"text":"${text}"}}}`;
}

/** Whether a body answers the call `id` with its own text: as the upstream writes it, or parsed. */
function isEcho(body: string, id: number, text: string): boolean {
  const plain = `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${text}"}]}}`;
  if (body === plain) return true;
  // An answer of any other shape makes the comparison fail, which ends the run.
  const message = JSON.parse(body) as { id?: unknown; result?: { content?: { text?: unknown }[] } };
  return message.id === id && message.result?.content?.[0]?.text === text;
}

function report(message: LoadReport): void {
  process.send?.(message);
}

// The parent of this process is bench/load-runner.ts and sends exactly one order.
process.once('message', (order: LoadOrder) => {
  measure(order).then(
    (figures) => {
      report({ kind: 'figures', figures });
      process.disconnect();
    },
    (error: unknown) => {
      report({ kind: 'failed', message: String(error) });
      process.disconnect();
      process.exitCode = 1;
    },
  );
});
