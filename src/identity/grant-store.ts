import type { Grant } from './grant.ts';

/** What can be changed of a grant that is in use. */
export type GrantChange = Pick<Grant, 'policies' | 'mode' | 'expiresMs'>;

/** The port of the grants that live in the store (the operator's file declares others). */
export interface GrantStore {
  list(): Promise<readonly Grant[]>;
  insert(grant: Grant): Promise<'inserted' | 'duplicate'>;
  /** Sets `revokedMs`; false when there is no such live grant. */
  revoke(id: string, atMs: number): Promise<boolean>;
  /** Replaces what a grant says beside who and where; false when there is no such live grant. */
  edit(id: string, change: GrantChange): Promise<boolean>;
  /** Replaces the token's hash; false when there is no such live grant. */
  rotate(id: string, tokenSha256: string): Promise<boolean>;
}
