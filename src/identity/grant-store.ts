import type { Grant } from './grant.ts';

/** The port of the grants that live in the store (the operator's file declares others). */
export interface GrantStore {
  list(): Promise<readonly Grant[]>;
  insert(grant: Grant): Promise<'inserted' | 'duplicate'>;
  /** Sets `revokedMs`; false when there is no such live grant. */
  revoke(id: string, atMs: number): Promise<boolean>;
  /** Replaces the token's hash; false when there is no such live grant. */
  rotate(id: string, tokenSha256: string): Promise<boolean>;
}
