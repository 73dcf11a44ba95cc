import { createHmac, timingSafeEqual } from 'node:crypto';

import { digestOf } from './binding.ts';
import type { Approval } from './approval.ts';

/** How a state of ours begins: what begins otherwise is a server's, and none of our business. */
export const statePrefix = 'pca1.';

/** The longest state that is read, in characters. */
const stateLengthMax = 16_384;

/**
 * What a client carries while its call waits (2026-07-28, multi round-trip requests): the approval's
 * id and an HMAC over it, its nonce and everything that it is bound to. It proves nothing but that
 * this call is the one that was asked about: whether it may go out is looked up, once.
 */
export function sealState(key: Uint8Array, approval: Approval): string {
  return `${statePrefix}${approval.id}.${macOf(key, approval)}`;
}

/** The approval's id that a state names, not verified yet; null when it has not the form of one. */
export function stateApprovalId(state: string): string | null {
  if (state.length > stateLengthMax) return null;
  return /^pca1\.(apr_[A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/.exec(state)?.[1] ?? null;
}

/** Whether a state was made for this approval and for a call with this binding. */
export function isStateOf(
  key: Uint8Array,
  state: string,
  call: { readonly approval: Approval; readonly binding: string },
): boolean {
  const { approval, binding } = call;
  if (stateApprovalId(state) !== approval.id || approval.binding !== binding) return false;
  const expected = Buffer.from(macOf(key, approval));
  const given = Buffer.from(state.slice(state.lastIndexOf('.') + 1));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function macOf(key: Uint8Array, approval: Approval): string {
  const { id, nonce, binding, grantId, expiresMs } = approval;
  const text = digestOf(['approval state', id, nonce, binding, grantId, String(expiresMs)]);
  return createHmac('sha256', key).update(text).digest('base64url');
}
