import type { Answered } from './mcp-requests.ts';

/** One request: its body, and headers that agree with it. */
export interface Sent {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** JSON text of a modern call: arguments are written as they are, other members of `params` too. */
export function modernPay(args: string, more = '', abilities = '{}', name = 'pay'): Sent {
  const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":${abilities}}`;
  const params = `{"name":"${name}","arguments":${args},${meta}${more}}`;
  return {
    body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`,
    headers: {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
  };
}

/** The call's result, whether it came whole or as the last event of a stream. */
export function resultOf({ text }: Pick<Answered, 'text'>): {
  readonly result?: {
    readonly resultType?: string;
    readonly isError?: boolean;
    readonly content: readonly { readonly text: string }[];
    readonly requestState?: string;
    readonly inputRequests?: Readonly<Record<string, { method: string; params: object }>>;
    readonly _meta?: Readonly<Record<string, Record<string, unknown>>>;
  };
  readonly error?: { readonly code: number; readonly message: string };
} {
  const last = text
    .trim()
    .split('\n')
    .findLast((line) => line.startsWith('data: {'));
  return JSON.parse(last?.slice(6) ?? text);
}

/** What the model reads. */
export function textOf(answered: Pick<Answered, 'text'>): string {
  return resultOf(answered).result?.content[0]?.text ?? JSON.stringify(resultOf(answered));
}
