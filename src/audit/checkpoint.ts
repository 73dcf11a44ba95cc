import type { ChainHead } from './chain.ts';

/** A signed head: whoever keeps it elsewhere can tell later whether the log still contains it. */
export interface Checkpoint extends ChainHead {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  /** The signer's raw Ed25519 public key (RFC 8032), 43 characters of base64url. */
  readonly key: string;
}

/** Holds the private key. `sign` gives an Ed25519 signature in base64url. */
export interface CheckpointSigner {
  readonly key: string;
  sign(message: string): string;
}

/** Whether `signature` is the one of `message` under the raw public key `key`. Never throws. */
export type SignatureCheck = (key: string, message: string, signature: string) => boolean;

/** Why a line among the checkpoints is not to be believed. */
export interface CheckpointProblem {
  readonly kind: 'checkpoint-forged' | 'checkpoint-foreign';
  /** What the line says it is the head of; 0 when it does not say. */
  readonly seq: number;
  /** Counted from 1. */
  readonly line: number;
}

const linePattern = new RegExp(
  '^\\{"v":1,"seq":([1-9][0-9]{0,15}),"hash":"([A-Za-z0-9_-]{43})","time":([0-9]{1,15}),' +
    '"key":"([A-Za-z0-9_-]{43})","sig":"([A-Za-z0-9_-]{86})"\\}$',
);

/** The line of a signed head, without the newline. */
export function signCheckpoint(head: ChainHead, timeMs: number, signer: CheckpointSigner): string {
  const checkpoint = { seq: head.seq, hash: head.hash, time: timeMs, key: signer.key };
  const signature = signer.sign(signedMessage(checkpoint));
  return `${statement(checkpoint).slice(0, -1)},"sig":"${signature}"}`;
}

/**
 * Reads the lines of a checkpoints file. `trustedKey` null takes each line's own key: that proves
 * no more than that the file was not damaged. Stops at the first line that is not to be believed.
 */
export function readCheckpoints(
  lines: readonly string[],
  trustedKey: string | null,
  check: SignatureCheck,
): { readonly checkpoints: readonly Checkpoint[]; readonly problem: CheckpointProblem | null } {
  const checkpoints: Checkpoint[] = [];
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    const read = parseCheckpoint(text);
    if (read === null) return { checkpoints, problem: { kind: 'checkpoint-forged', seq: 0, line } };

    const { checkpoint, signature } = read;
    const seq = checkpoint.seq;
    if (trustedKey !== null && checkpoint.key !== trustedKey) {
      return { checkpoints, problem: { kind: 'checkpoint-foreign', seq, line } };
    }
    if (!check(checkpoint.key, signedMessage(checkpoint), signature)) {
      return { checkpoints, problem: { kind: 'checkpoint-forged', seq, line } };
    }
    checkpoints.push(checkpoint);
  }
  return { checkpoints, problem: null };
}

/** One line's fields, the signature not yet checked; null when it is not a checkpoint. */
export function parseCheckpoint(
  line: string,
): { readonly checkpoint: Checkpoint; readonly signature: string } | null {
  const [, seq, hash, time, key, signature] = linePattern.exec(line) ?? [];
  if (seq === undefined || hash === undefined || time === undefined) return null;
  if (key === undefined || signature === undefined) return null;
  return { checkpoint: { seq: Number(seq), hash, time: Number(time), key }, signature };
}

/** What is signed: a label that no other signature of ours begins with, then the statement. */
function signedMessage(checkpoint: Checkpoint): string {
  return `portcullis-audit-checkpoint-v1\n${statement(checkpoint)}`;
}

function statement({ seq, hash, time, key }: Checkpoint): string {
  return `{"v":1,"seq":${seq},"hash":"${hash}","time":${time},"key":"${key}"}`;
}
