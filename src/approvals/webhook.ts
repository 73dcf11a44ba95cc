import { createHmac, timingSafeEqual } from 'node:crypto';

import type { Approval } from './approval.ts';
import { digestOf } from './binding.ts';

/** What a program is told of a call that waits. */
export interface Announcement {
  readonly type: 'approval.asked';
  readonly id: string;
  readonly decisionId: string;
  readonly grant: string;
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
  readonly rule: string;
  readonly reason: string | null;
  readonly argumentNames: readonly string[];
  /** The exact arguments; absent unless the operator asked for them. */
  readonly arguments?: string;
  readonly askedMs: number;
  readonly expiresMs: number;
  /** Where a person sees and answers it. */
  readonly page: string | null;
  /** How the program answers: by POST, with this token. */
  readonly answer: { readonly url: string; readonly token: string };
}

/** The header that carries the signature of an announcement. */
export const signatureHeader = 'portcullis-signature';

/**
 * The signature of a body: `t=<seconds>,v1=<HMAC-SHA-256 of "<seconds>.<body>", hexadecimal>`. The
 * time is in it so that a receiver can refuse what is replayed to it.
 */
export function signature(secret: string, body: string, atMs: number): string {
  const seconds = Math.floor(atMs / 1000);
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

/** What an answer to one approval carries: good for nothing else, and no longer than it. */
export function answerToken(secret: string, approval: Approval): string {
  return `pcw1.${approval.id}.${macOf(secret, approval)}`;
}

/** The approval that a token names, not verified yet; null when it has not the form of one. */
export function tokenApprovalId(token: string): string | null {
  return /^pcw1\.(apr_[A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/.exec(token)?.[1] ?? null;
}

/** Whether a token was given out for this approval. */
export function isAnswerToken(secret: string, token: string, approval: Approval): boolean {
  if (tokenApprovalId(token) !== approval.id) return false;
  const given = Buffer.from(token);
  const expected = Buffer.from(answerToken(secret, approval));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function macOf(secret: string, { id, nonce, binding, expiresMs }: Approval): string {
  const text = digestOf(['webhook answer', id, nonce, binding, String(expiresMs)]);
  return createHmac('sha256', secret).update(text).digest('base64url');
}
