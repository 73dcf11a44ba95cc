import type { JsonObject } from '../base/strict-json.ts';

/** What one reading of a server showed, before anything is said about it. */
export interface Observation {
  /** The server's own name, or what it was called where it was found. */
  readonly name: string;
  readonly version: string | null;
  /** What the server tells every model that uses it; null when it says nothing. */
  readonly instructions: string | null;
  readonly posture: Posture;
  /** In the server's order; names may repeat. */
  readonly tools: readonly JsonObject[];
}

/** How a server is reached, and what it may ask of its clients. */
export interface Posture {
  /** `file` for a list that somebody saved: nothing is known of the server itself. */
  readonly transport: 'http' | 'stdio' | 'file';
  /** The address without its query, the command without its arguments, or the file. */
  readonly where: string;
  /** The way to the server is encrypted, or stays on this machine; null when it is not known. */
  readonly encrypted: boolean | null;
  /** `none`: it answered whoever asked; `given`: credentials were sent along; null: not known. */
  readonly credentials: 'none' | 'given' | null;
  readonly protocolVersion: string | null;
  /** Methods that the server asked of its client while it was read. */
  readonly asks: readonly string[];
}

/** Tools in one report: a list that is longer is cut by whoever reads it. */
export const toolsMax = 2_000;

/** The name of a definition, or the empty text where it has none. */
export function nameOf(definition: JsonObject): string {
  const name = definition['name'];
  return typeof name === 'string' ? name : '';
}

/** Text of a definition's member; empty where there is none. */
export function textOf(definition: JsonObject, member: string): string {
  const value = definition[member];
  return typeof value === 'string' ? value : '';
}
