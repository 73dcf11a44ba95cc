import { hasTwinOf } from '../policy/index.ts';
import { digestOf } from './binding.ts';
import type { Approval } from './approval.ts';

/**
 * A person's yes to every call of one shape, for a while: the same grant, server, tool, pinned
 * definition, policy version and questions, and either exactly the same arguments or the same
 * values in the arguments that it names, whatever the others hold.
 */
export interface Standing {
  readonly id: string;
  /** The approval that it was given with. */
  readonly approvalId: string;
  readonly grantId: string;
  readonly grantLabel: string;
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
  readonly pin: string;
  readonly policy: string | null;
  readonly policyVersion: number | null;
  readonly policyHash: string | null;
  readonly rule: string;
  readonly frame: string;
  /** Null where `names` says what must be the same. */
  readonly binding: string | null;
  /** Name of a top-level argument -> digest of its exact value. */
  readonly fixed: Readonly<Record<string, string>>;
  /** The exact text of the arguments, or of those that are fixed: for people. */
  readonly shown: string;
  readonly givenBy: string;
  readonly comment: string | null;
  readonly givenMs: number;
  readonly expiresMs: number;
  readonly revokedMs: number | null;
  readonly revokedBy: string | null;
  /** Calls that it let through. */
  readonly uses: number;
}

/** What is wanted of a standing approval. */
export interface StandingWish {
  /** How long, in milliseconds. */
  readonly forMs: number;
  /** Top-level arguments that must stay the same; null binds all of them exactly. */
  readonly same: readonly string[] | null;
}

/** The longest that a standing approval may stand, in milliseconds. */
export const standingMsMax = 86_400_000;

/** A call as a standing approval looks at it. */
export interface ShapedCall {
  readonly frame: string;
  readonly binding: string;
  readonly arguments: ReadonlyMap<string, string>;
}

/** Whether a live standing approval covers a call. */
export function covers(standing: Standing, call: ShapedCall, nowMs: number): boolean {
  if (standing.revokedMs !== null || !(nowMs < standing.expiresMs)) return false;
  if (standing.frame !== call.frame) return false;
  if (standing.binding !== null) return standing.binding === call.binding;
  const fixed = Object.entries(standing.fixed);
  const isSame = fixed.every(([name, digest]) => {
    const value = call.arguments.get(name);
    return value !== undefined && valueDigest(value) === digest;
  });
  if (fixed.length === 0 || !isSame) return false;
  // A server may read `Amount` as the `amount` that a person said must stay the same.
  return !hasTwinOf(Object.keys(standing.fixed), call.arguments.keys());
}

export function valueDigest(exactValue: string): string {
  return digestOf(['value', exactValue]);
}

/** The first name that is wanted to stay the same and is no argument of the call, or null. */
export function missingName(wish: StandingWish, given: ReadonlyMap<string, string>): string | null {
  return wish.same?.find((name) => !given.has(name)) ?? null;
}

/** The standing approval that an approval becomes. */
export function standingOf(
  approval: Approval,
  given: {
    readonly id: string;
    readonly wish: StandingWish;
    readonly arguments: ReadonlyMap<string, string>;
    readonly exact: string;
    readonly by: string;
    readonly comment: string | null;
    readonly atMs: number;
  },
): Standing {
  const { same } = given.wish;
  const kept = new Map([...given.arguments].filter(([name]) => same?.includes(name) === true));
  const shown = [...kept].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
  return {
    id: given.id,
    approvalId: approval.id,
    grantId: approval.grantId,
    grantLabel: approval.grantLabel,
    principal: approval.principal,
    server: approval.server,
    tool: approval.tool,
    pin: approval.pin,
    policy: approval.policy,
    policyVersion: approval.policyVersion,
    policyHash: approval.policyHash,
    rule: approval.needs[0]?.rule ?? '',
    frame: approval.frame,
    binding: same === null ? approval.binding : null,
    fixed: Object.fromEntries([...kept].map(([name, value]) => [name, valueDigest(value)])),
    shown: same === null ? given.exact : `{${shown}}`,
    givenBy: given.by,
    comment: given.comment,
    givenMs: given.atMs,
    expiresMs: given.atMs + Math.min(given.wish.forMs, standingMsMax),
    revokedMs: null,
    revokedBy: null,
    uses: 0,
  };
}
