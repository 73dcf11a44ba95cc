import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock } from '../base/clock.ts';
import { newId } from '../base/id.ts';
import { err, type Result } from '../base/result.ts';
import type { RegistryProblem } from '../registry/problem.ts';
import { explain, type ControlProblem } from './problem.ts';
import type { Actor } from './roles.ts';

/** What is on record of a change. */
export interface Change {
  /** A noun and a verb, as in `grant.create`. */
  readonly action: string;
  readonly subject: string;
  /** What changed, in fields that hold no secret. */
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

interface Recording {
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** Puts a change on record; false when it could not be, and so must not be made. */
export async function record(deps: Recording, actor: Actor, change: Change): Promise<boolean> {
  const time = deps.clock.nowMs();
  const id = newId('adm_');
  const recorded = await deps.audit.append({
    kind: 'admin',
    id,
    time,
    actor: actor.name,
    ...change,
  });
  return recorded.ok;
}

/**
 * Makes a change that is on record first. When it then cannot be made, a second record says so.
 * INVARIANT: nothing is changed that is not on record.
 */
export async function recorded<T>(
  deps: Recording,
  { actor, change }: { readonly actor: Actor; readonly change: Change },
  make: () => Promise<Result<T, RegistryProblem>>,
): Promise<Result<T, ControlProblem>> {
  if (!(await record(deps, actor, change))) return notRecorded;
  const made = await make();
  if (made.ok) return made;
  await recordFailed(deps, actor, { change, code: made.error.code });
  return err(explain(made.error));
}

/** Puts on record that a change which is on record could not be made. */
export async function recordFailed(
  deps: Recording,
  actor: Actor,
  { change, code }: { readonly change: Change; readonly code: string },
): Promise<void> {
  const detail = { ...change.detail, code };
  await record(deps, actor, { ...change, action: `${change.action}.failed`, detail });
}

export const notRecorded: Result<never, ControlProblem> = err({
  code: 'not-recorded',
  message: 'the change could not be put on record, so it was not made',
});
