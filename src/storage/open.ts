import { ok, type Result } from '../base/result.ts';
import type { ApprovalStore } from '../approvals/approval-store.ts';
import type { GrantStore } from '../identity/grant-store.ts';
import type { PasskeyStore } from '../identity/passkey.ts';
import type { UserStore } from '../identity/user.ts';
import type { RegistryStore } from '../registry/registry-store.ts';
import { approvalStore } from './approvals.ts';
import type { ServerStore } from '../registry/server-store.ts';
import { openEmbedded } from './embedded/open.ts';
import { grantStore } from './grants.ts';
import { installationKey, makeDataFolder } from './installation.ts';
import { passkeyStore } from './passkeys.ts';
import type { StoreProblem } from './problem.ts';
import { registryStore } from './registry.ts';
import { createSeal } from './seal.ts';
import { serverStore } from './servers.ts';
import { userStore } from './users.ts';

export type { StoreProblem };

/** Where the stores are. */
export interface StoreOptions {
  /** The data folder: made when it is not there. */
  readonly dataDir: string;
}

/** The stores of one installation, open. */
export interface Stores {
  readonly grants: GrantStore;
  readonly registry: RegistryStore;
  readonly approvals: ApprovalStore;
  readonly servers: ServerStore;
  readonly users: UserStore;
  readonly passkeys: PasskeyStore;
  /** 32 random bytes that were made with the data folder: they key the digests of arguments. */
  readonly installationKey: Uint8Array;
  /** Waits for what is under way; nothing may be asked afterwards. */
  close(): Promise<void>;
}

/** Opens the stores, or says in one problem why they cannot be. Nothing is left open then. */
export async function openStores(options: StoreOptions): Promise<Result<Stores, StoreProblem>> {
  const folder = await makeDataFolder(options.dataDir);
  if (!folder.ok) return folder;
  const key = await installationKey(options.dataDir);
  if (!key.ok) return key;
  const db = await openEmbedded(options.dataDir);
  if (!db.ok) return db;

  return ok({
    grants: grantStore(db.value),
    registry: registryStore(db.value),
    approvals: approvalStore(db.value),
    servers: serverStore(db.value, createSeal(key.value, 'servers')),
    users: userStore(db.value),
    passkeys: passkeyStore(db.value),
    installationKey: key.value,
    close: () => db.value.destroy(),
  });
}
