import { hash } from 'node:crypto';

import type { ApprovalObligation } from '../policy/index.ts';

/** What an approval is given for, beside the arguments. */
export interface Frame {
  readonly grantId: string;
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
  /** Digest of the pinned definition. */
  readonly pin: string;
  readonly policy: string | null;
  readonly policyVersion: number | null;
  readonly policyHash: string | null;
  readonly needs: readonly ApprovalObligation[];
  /** Exact text of what stands beside name and arguments in `params`. */
  readonly beside: string;
}

/** SHA-256 of everything that an approval is bound to but the arguments, hexadecimal. */
export function frameDigest(frame: Frame): string {
  const needs = frame.needs.map(({ rule, approvers, quorum, timeoutMs }) =>
    JSON.stringify([rule, approvers, quorum, timeoutMs]),
  );
  return digestOf([
    'frame',
    frame.grantId,
    frame.principal,
    frame.server,
    frame.tool,
    frame.pin,
    frame.policy ?? '',
    String(frame.policyVersion),
    frame.policyHash ?? '',
    frame.beside,
    ...needs,
  ]);
}

/** SHA-256 of a frame and exact arguments: the identity of one call, hexadecimal. */
export function bindingDigest(frame: string, exactArguments: string): string {
  return digestOf(['call', frame, exactArguments]);
}

/** Parts are prefixed with their lengths, so that no two lists of parts read alike (B-145). */
export function digestOf(parts: readonly string[]): string {
  return hash('sha256', parts.map((part) => `${part.length}:${part}`).join(''), 'hex');
}
