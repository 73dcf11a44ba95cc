import type { Result } from '../base/result.ts';
import type {
  Change,
  Found,
  Identity,
  Search,
  ServerEntry,
  ServerSummary,
  Source,
  ToolEntry,
  ToolSummary,
} from './entry.ts';
import type { Observation } from './observation.ts';

/** A reading on its way into the catalogue. */
export interface Recording {
  readonly observation: Observation;
  readonly source: Source;
  readonly identity: Identity;
  readonly atMs: number;
}

/** What recording came to. */
export interface Recorded {
  readonly slug: string;
  readonly tools: number;
  readonly changes: number;
}

/** How much there is; `pending` tools are not found by their text yet. */
export interface CatalogueStatus {
  readonly servers: number;
  readonly tools: number;
  readonly pending: number;
}

/**
 * The port to the catalogue. What is recorded is there at once; the text search follows with a lag.
 * Errors are for a person: the catalogue is never worth a call, so nobody waits for it.
 */
export interface CatalogueStore {
  status(): Promise<Result<CatalogueStatus, string>>;
  record(recordings: readonly Recording[]): Promise<Result<readonly Recorded[], string>>;
  /** Feeds the text search with what is pending; how much is left. */
  feed(): Promise<Result<number, string>>;
  searchTools(search: Search): Promise<Result<Found<ToolSummary>, string>>;
  searchServers(
    search: Pick<Search, 'text' | 'offset' | 'limit'>,
  ): Promise<Result<Found<ServerSummary>, string>>;
  /** Null when there is none of that slug. */
  server(slug: string): Promise<Result<ServerEntry | null, string>>;
  tool(server: string, tool: string): Promise<Result<ToolEntry | null, string>>;
  /** Newest first; of one server, or of all. */
  changes(of: {
    readonly server: string | null;
    readonly sinceMs: number;
    readonly limit: number;
  }): Promise<Result<readonly Change[], string>>;
  close(): Promise<void>;
}

export const noIdentity: Identity = { package: null, licence: null, homepage: null };
