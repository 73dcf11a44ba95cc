import { startDataPath, type DataPath } from '../support/data-path.ts';
import type { Values } from './case.ts';
import type { Target } from './corpus.ts';
import { startRecorder, type Recorder } from './recorder.ts';
import { exchange, type Address } from './wire.ts';

/** The policy that every target of the corpus is given, in whatever language it speaks. */
export const corpusPolicy: object = {
  version: '1',
  default: 'deny',
  hide: ['secret'],
  tools: {
    read: {},
    pay: { deny_if: [{ path: 'args.amount', op: 'gt', value: 1000, on_deny: 'too much' }] },
    write: { action: 'deny', reason: 'never' },
  },
};

/** This project's data path in front of a recorder. */
export interface OwnTarget extends Target {
  readonly path: DataPath;
  close(): Promise<void>;
}

/** Starts the data path in this process, and opens the session that the cases name. */
export async function startOwnTarget(
  endpoint: 'of one server' | 'of all servers' = 'of one server',
): Promise<OwnTarget> {
  const recorder = await startRecorder();
  const path = await startDataPath({
    servers: [
      { name: 'rec', transport: 'http', url: recorder.url, headers: {}, allowPrivate: true },
    ],
    policies: { rec: corpusPolicy },
    grant: { methods: ['resources', 'prompts', 'completion', 'tasks', 'elicitation'] },
  });
  await path.gateway.toolsReady('rec');
  const all = endpoint === 'of all servers';
  const url = new URL(`${path.url}${all ? '/mcp' : '/s/rec/mcp'}`);
  const toolPrefix = all ? 'rec__' : '';
  const target = await targetAt(url, `Bearer ${path.token}`, { recorder, toolPrefix });
  const close = async (): Promise<void> => {
    await path.close();
    await recorder.close();
  };
  return { ...target, path, close };
}

/** A gateway at an address: a legacy session is opened there, for cases that belong to one. */
export async function targetAt(
  url: URL,
  authorization: string,
  { recorder, toolPrefix }: { readonly recorder: Recorder; readonly toolPrefix: string },
): Promise<Target> {
  const address = { host: url.hostname, port: Number(url.port === '' ? 80 : url.port) };
  const values: Values = {
    host: url.host,
    path: url.pathname + url.search,
    authorization,
    session: null,
    toolPrefix,
  };
  const session = await openSession(address, values);
  recorder.arrivals.length = 0;
  return { address, values: { ...values, session }, recorder };
}

const hello =
  '{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-06-18",' +
  '"capabilities":{},"clientInfo":{"name":"bypass","version":"1"}}}';

async function openSession(address: Address, values: Values): Promise<string | null> {
  const head =
    `POST ${values.path} HTTP/1.1\r\nHost: ${values.host}\r\nAuthorization: ${values.authorization}\r\n` +
    'Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n';
  const post = (body: string, more: string): Promise<{ readonly text: string }> => {
    const text = `${head}${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    return exchange(address, { bytes: Buffer.from(text), waitMs: 5_000 });
  };
  const opened = await post(hello, '');
  const session = /^mcp-session-id: *(\S+)/im.exec(opened.text)?.[1] ?? null;
  const more = session === null ? '' : `Mcp-Session-Id: ${session}\r\n`;
  await post('{"jsonrpc":"2.0","method":"notifications/initialized"}', more);
  return session;
}
