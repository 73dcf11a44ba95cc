import type { Result } from '../base/result.ts';
import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { problemOfArguments } from './arguments.ts';

/** A tool as `tools/list` shows it. */
export interface DemoTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
}

/** Carries out one call on the server's data; an error is a sentence for the agent. */
export type ToolHandler = (args: JsonObject) => Result<JsonObject, string>;

/** The handlers of a server, or of a part of it, by the name of the tool. */
export type Handlers = Readonly<Record<string, ToolHandler>>;

/** A small MCP server of our own: a stand-in with the tool names of a real one, on data in memory. */
export interface DemoServer {
  readonly name: string;
  readonly version: string;
  readonly instructions: string;
  readonly tools: readonly DemoTool[];
  readonly handlers: Handlers;
  /** Tool name -> how often it was run: what a test asks to learn whether a call came through. */
  readonly calls: Map<string, number>;
}

/** Runs one tool and counts it; null when the server has no such tool. Nothing is counted then. */
export function callTool(server: DemoServer, name: string, args: JsonValue): JsonObject | null {
  const tool = server.tools.find((one) => one.name === name);
  const handler = Object.hasOwn(server.handlers, name) ? server.handlers[name] : undefined;
  if (tool === undefined || handler === undefined) return null;

  server.calls.set(name, (server.calls.get(name) ?? 0) + 1);
  const problem = problemOfArguments(tool.inputSchema, args);
  if (problem !== null) return failed(problem);
  // The schemas of all tools are objects, which `problemOfArguments` has checked.
  const outcome = handler(args as JsonObject);
  if (!outcome.ok) return failed(outcome.error);
  return {
    content: [{ type: 'text', text: JSON.stringify(outcome.value) }],
    structuredContent: outcome.value,
  };
}

function failed(message: string): JsonObject {
  return { content: [{ type: 'text', text: message }], isError: true };
}
