import type { Grant } from '../identity/grant.ts';
import type { CompiledPolicy, NamedPolicy, PinnedTool } from '../policy/index.ts';
import type { ServerConfig } from './server.ts';
import type { Stops } from './stops.ts';

/**
 * The immutable state that calls are decided on. A call reads one snapshot from its first step to
 * its last; a change publishes another one whole.
 */
export interface Snapshot {
  /** Counts what was published since the start, from 1. */
  readonly version: number;
  readonly servers: ReadonlyMap<string, SnapshotServer>;
  /** By the SHA-256 of the token, hexadecimal. Revoked and expired grants are in it, to be named. */
  readonly grantsByToken: ReadonlyMap<string, Grant>;
  /** What is missing here refuses every call of the grants that refer to it. */
  readonly policies: ReadonlyMap<string, SnapshotPolicy>;
  /** In the order of their names. */
  readonly guardrails: readonly NamedPolicy[];
  /** What an operator has stopped; absent while nothing is. See `stopFor`. */
  readonly stops?: Stops;
}

/** One server and what was reviewed of it. */
export interface SnapshotServer {
  readonly config: ServerConfig;
  /** By exact name; null while the server's list is not known. */
  readonly tools: ReadonlyMap<string, PinnedTool> | null;
}

/** One version of a policy, ready to decide. */
export interface SnapshotPolicy {
  readonly name: string;
  readonly version: number;
  readonly compiled: CompiledPolicy;
  /** SHA-256 of the document's text, hexadecimal. */
  readonly hash: string;
}
