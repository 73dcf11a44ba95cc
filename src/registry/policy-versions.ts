import { hash } from 'node:crypto';
import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  compilePolicy,
  parsePolicy,
  type CompiledPolicy,
  type PolicyProblem,
} from '../policy/index.ts';
import type { DeclaredPolicy } from './declared.ts';
import type { RegistryProblem } from './problem.ts';
import type { PolicyVersionRow, RegistryStore } from './registry-store.ts';
import type { SnapshotPolicy } from './snapshot.ts';

/** The author of versions that come from the operator's file. Nobody else is called so. */
export const fileAuthor = 'file';

/** SHA-256 of a document's text, hexadecimal. */
export function documentHash(document: string): string {
  return hash('sha256', document, 'hex');
}

/** Parses and compiles a document; the problems of the first step that fails. */
export function compileDocument(
  document: string,
): Result<CompiledPolicy, readonly PolicyProblem[]> {
  const parsed = parsePolicy(document);
  return parsed.ok ? compilePolicy(parsed.value) : parsed;
}

/** A stored version, ready to decide. */
export function loadVersion(
  row: PolicyVersionRow,
): Result<SnapshotPolicy, readonly PolicyProblem[]> {
  const compiled = compileDocument(row.document);
  if (!compiled.ok) return compiled;
  const { name, version, document } = row;
  return ok({ name, version, compiled: compiled.value, hash: documentHash(document) });
}

/** Attempts at a save that other processes may be making too. */
const attemptsMax = 5;

/**
 * Finds the version that a policy of the operator's file has in the store, and saves it as the next
 * one when its text is new. Several processes may read the same file at once: they agree.
 */
async function versionOfDeclared(
  store: RegistryStore,
  policy: DeclaredPolicy,
  nowMs: number,
): Promise<Result<SnapshotPolicy, 'conflict'>> {
  const { name, document, compiled, hash: digest } = policy;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const newest = (await store.policies()).find((row) => row.name === name);
    if (newest?.document === document && newest.author === fileAuthor) {
      return ok({ name, version: newest.version, compiled, hash: digest });
    }
    const version = (newest?.version ?? 0) + 1;
    const row = { name, version, document, author: fileAuthor, createdMs: nowMs };
    if ((await store.savePolicy(row)) === 'saved') {
      return ok({ name, version, compiled, hash: digest });
    }
  }
  return err('conflict');
}

/** Every policy in force: those of the file by their versions, and the newest of each other one. */
export async function policiesInForce(
  store: RegistryStore,
  declared: ReadonlyMap<string, DeclaredPolicy>,
  { nowMs, log }: { readonly nowMs: number; readonly log: Log },
): Promise<Result<ReadonlyMap<string, SnapshotPolicy>, RegistryProblem>> {
  const policies = new Map<string, SnapshotPolicy>();
  for (const policy of declared.values()) {
    const version = await versionOfDeclared(store, policy, nowMs);
    if (!version.ok) return err({ code: 'policy-conflict', subject: policy.name });
    policies.set(policy.name, version.value);
  }
  for (const row of await store.policies()) {
    // A version of the file that the file does not declare any more is a deleted policy.
    if (policies.has(row.name) || row.author === fileAuthor) continue;
    const loaded = loadVersion(row);
    if (loaded.ok) policies.set(row.name, loaded.value);
    else log.error('policy-not-loaded', { policy: row.name, version: row.version });
  }
  return ok(policies);
}
