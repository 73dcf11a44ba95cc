import type { Grant } from '../identity/grant.ts';
import type { CompiledPolicy, NamedPolicy } from '../policy/index.ts';
import type { ServerConfig } from './server.ts';

/** What the operator's file declares: the part of the configuration that snapshots are made of. */
export interface Declared {
  readonly servers: ReadonlyMap<string, ServerConfig>;
  readonly policies: ReadonlyMap<string, DeclaredPolicy>;
  /** In the order of their names. */
  readonly guardrails: readonly NamedPolicy[];
  readonly grants: readonly Grant[];
  /** What becomes of a server's first list of tools; absent: it is accepted. */
  readonly pins?: { readonly firstList: 'accept' | 'review' };
}

/** A policy of the operator's file, read and compiled. */
export interface DeclaredPolicy {
  readonly name: string;
  /** The document as it was written. */
  readonly document: string;
  readonly compiled: CompiledPolicy;
  /** SHA-256 of the document's text, hexadecimal. */
  readonly hash: string;
}
