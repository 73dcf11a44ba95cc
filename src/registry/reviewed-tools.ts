import { assert } from '../base/assert.ts';
import type { Result } from '../base/result.ts';
import type { PinnedTool } from '../policy/index.ts';
import { originOf } from './origin.ts';
import { pinTools, type PinProblem, type Pinning, type SeenTool } from './pin.ts';
import { pinnedTools } from './pinned-tools.ts';
import type { Parts } from './parts.ts';
import type { RegistryStore } from './registry-store.ts';
import type { ServerConfig } from './server.ts';

/** A list compared with what was reviewed. */
export interface Compared {
  readonly pinning: Result<Pinning, PinProblem>;
  /** Keeps whose list it was: called once the rows are saved. */
  readonly settle: () => Promise<void>;
}

/** A list that a registered server just gave. */
export interface SeenList {
  readonly server: string;
  readonly seen: readonly SeenTool[];
  readonly nowMs: number;
  /** What is in force: the server's entry, and whether a first list is accepted as it is. */
  readonly parts: Pick<Parts, 'servers' | 'declared'>;
}

/**
 * Compares a list with what was reviewed of this very server. A server that took another's name is
 * not trusted for it, and an empty first list was a first list.
 */
export async function compareSeen(
  store: RegistryStore,
  { server, seen, nowMs, parts }: SeenList,
): Promise<Compared> {
  const config = parts.servers.get(server);
  assert(config !== undefined, 'the server is registered');
  const trusted = parts.declared.pins?.firstList !== 'review';
  const previous = await store.pins(server);
  const known = await store.origin(server);
  const origin = originOf(config);
  const pinning = pinTools({
    server,
    previous,
    seen,
    nowMs,
    isFirst: trusted && known === null && previous.length === 0,
    moved: known !== null && known !== origin,
  });
  const settle = async (): Promise<void> => {
    if (known !== origin) await store.saveOrigin(server, origin);
  };
  return { pinning, settle };
}

/**
 * What is callable of a server; null while its list is not known. What was reviewed of another
 * server under its name is not in force: the list is read first.
 */
export async function reviewedTools(
  store: RegistryStore,
  config: ServerConfig,
  isKnown: boolean,
): Promise<ReadonlyMap<string, PinnedTool> | null> {
  const rows = await store.pins(config.name);
  const origin = await store.origin(config.name);
  if (origin !== null && origin !== originOf(config)) return null;
  return rows.length > 0 || isKnown ? pinnedTools(rows) : null;
}
