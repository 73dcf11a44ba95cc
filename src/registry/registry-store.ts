import type { Category, Risk } from '../policy/index.ts';
import type { Stop } from './stops.ts';

/** A tool definition that was seen and, once accepted, may be called. */
export interface PinRow {
  readonly server: string;
  readonly tool: string;
  /** SHA-256 of the canonical definition, hexadecimal. */
  readonly digest: string;
  /** The whole definition as the server sent it, JSON text. */
  readonly definition: string;
  /** By the classifier, as the risk: what a person says instead stands in `override`. */
  readonly category: Category;
  readonly risk: Risk;
  readonly state: 'pinned' | 'quarantined';
  /** Why it is quarantined; null when pinned. */
  readonly reason: string | null;
  /** When this definition was first seen. Milliseconds since the Unix epoch. */
  readonly seenMs: number;
  /** What a person, or the first list, last accepted; null while nothing was. */
  readonly reviewed: ReviewedDefinition | null;
  /** What a person says that it is; absent where nobody said anything. See `kindOf`. */
  readonly override?: PinOverride;
}

/** What a person says a tool is, beside what the classifier says: by whom, why and when. */
export interface PinOverride {
  readonly category: Category;
  readonly risk: Risk;
  /** In their own words. */
  readonly reason: string;
  readonly actor: string;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** Digest of the definition that they looked at. */
  readonly digest: string;
}

/** A definition that was accepted: what a changed one is compared with. */
export interface ReviewedDefinition {
  readonly digest: string;
  readonly definition: string;
  readonly category: Category;
  readonly risk: Risk;
}

/** One immutable version of a policy document. */
export interface PolicyVersionRow {
  readonly name: string;
  readonly version: number;
  readonly document: string;
  readonly author: string;
  readonly createdMs: number;
}

/** The port of what the control plane keeps about servers and policies. */
export interface RegistryStore {
  pins(server: string): Promise<readonly PinRow[]>;
  /** Replaces the rows of these tools in one transaction. */
  savePins(rows: readonly PinRow[]): Promise<void>;
  /** Which server the rows of this name are of, see `originOf`; null before its first list. */
  origin(server: string): Promise<string | null>;
  saveOrigin(server: string, origin: string): Promise<void>;
  /** The newest version of every policy. */
  policies(): Promise<readonly PolicyVersionRow[]>;
  policyVersions(name: string): Promise<readonly PolicyVersionRow[]>;
  /** Compare-and-swap: `conflict` when `version` is not the newest plus one. */
  savePolicy(row: PolicyVersionRow): Promise<'saved' | 'conflict'>;
  /** What an operator has stopped. */
  stops(): Promise<readonly Stop[]>;
  /** Keeps a stop, in place of one of the same kind and name. */
  saveStop(stop: Stop): Promise<void>;
  removeStop(kind: Stop['kind'], name: string): Promise<void>;
}
