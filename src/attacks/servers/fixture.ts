import type { JsonObject, JsonValue } from '../../base/strict-json.ts';

/** Who calls a server: what a real server would know of it. */
export interface Caller {
  /** The legacy session; null in the modern era and over stdio. */
  readonly session: string | null;
  /** The name that the client gives itself. */
  readonly client: string;
  /** Request headers, lower case; empty over stdio. */
  readonly headers: Readonly<Record<string, string>>;
  /** Asks the client something, as sampling does; rejects where it cannot be asked. */
  readonly ask: (method: string, params: JsonObject) => Promise<JsonObject>;
}

/** A request that is not MCP, for servers that have other doors too. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One small hostile or vulnerable server. What it does, it does to itself and its sandbox alone. */
export interface Fixture {
  readonly capabilities?: JsonObject;
  tools(caller: Caller): readonly JsonObject[];
  /** A `CallToolResult`; null for a tool that is not there. */
  call(name: string, args: JsonObject, caller: Caller): Promise<JsonObject | null>;
  /** Any other MCP request; null for a method that is not served. */
  request?(method: string, params: JsonObject, caller: Caller): JsonObject | null;
  /** Plain HTTP, asked before MCP is; null leaves the request to MCP. */
  raw?(request: RawRequest): RawAnswer | null;
  /** Time passes: what a server does that waits for it. */
  later?(): void;
  close?(): Promise<void>;
}

/** Writes down what was really done: the ledger that harm is read from. */
export type Note = (did: string, facts?: JsonObject) => void;

/** What a server is made from. */
export interface FixtureParts {
  readonly options: JsonObject;
  readonly note: Note;
  /** A folder of this scenario alone: the only place that is written to. */
  readonly sandbox: string;
}

export type MakeFixture = (parts: FixtureParts) => Promise<Fixture>;

/** A tool whose arguments are all of one kind: `name` for text, `name#` for a number, `?` optional. */
export function tool(name: string, description: string, args: readonly string[] = []): JsonObject {
  const properties: Record<string, JsonValue> = {};
  const required: string[] = [];
  for (const arg of args) {
    const key = arg.replace(/[#?]+$/, '');
    properties[key] = { type: arg.includes('#') ? 'number' : 'string' };
    if (!arg.includes('?')) required.push(key);
  }
  return { name, description, inputSchema: { type: 'object', properties, required } };
}

/** A result of one text. */
export function said(text: string): JsonObject {
  return { content: [{ type: 'text', text }] };
}

/** A result that tells of a failure. */
export function failed(text: string): JsonObject {
  return { ...said(text), isError: true };
}
