import { createHmac, timingSafeEqual } from 'node:crypto';

/** A legacy session: the server's own id, bound to the grant that opened it. */
export interface Session {
  /** What the server calls it. */
  readonly upstreamId: string;
  /** What the client calls it: `<upstream id>.<version letter><seal>`. */
  readonly sealedId: string;
  /** The seal alone: names the session in records and counters without giving it away. */
  readonly seal: string;
  /** The negotiated revision, or null where the answer did not say. */
  readonly protocolVersion: string | null;
}

/** Who a session belongs to. */
export interface SessionOwner {
  readonly grantId: string;
  readonly server: string;
}

/** Legacy revisions, in the order of their letters `a`, `b`, …; `z` stands for any other. */
export const legacyVersions = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const;

/** The revision without sessions. */
export const modernVersion = '2026-07-28';

/** 128 bits, base64url. */
const sealLength = 22;

/**
 * Makes the session id that the client is given. The seal is an HMAC over the owner, the version
 * and the server's own id, so any gateway process that has the installation's key can check it
 * and none has to remember it.
 */
export function sealSession(
  key: Uint8Array,
  owner: SessionOwner,
  upstream: { readonly id: string; readonly protocolVersion: string | null },
): Session {
  const letter = versionLetter(upstream.protocolVersion);
  const seal = sealOf(key, owner, letter + upstream.id);
  return {
    upstreamId: upstream.id,
    sealedId: `${upstream.id}.${letter}${seal}`,
    seal,
    protocolVersion: upstream.protocolVersion,
  };
}

/** Reads a session id that a client sent; null when it is not one of this owner's. */
export function openSession(
  key: Uint8Array,
  owner: SessionOwner,
  sealedId: string,
): Session | null {
  const dot = sealedId.length - sealLength - 2;
  if (dot < 1 || sealedId[dot] !== '.') return null;

  const upstreamId = sealedId.slice(0, dot);
  const letter = sealedId[dot + 1] ?? '';
  const seal = sealedId.slice(dot + 2);
  const expected = Buffer.from(sealOf(key, owner, letter + upstreamId));
  const given = Buffer.from(seal);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return { upstreamId, sealedId, seal, protocolVersion: versionOf(letter) };
}

function sealOf(key: Uint8Array, owner: SessionOwner, rest: string): string {
  const parts = [owner.grantId, owner.server, rest];
  const text = parts.map((part) => `${part.length}:${part}`).join('');
  return createHmac('sha256', key).update(text).digest('base64url').slice(0, sealLength);
}

function versionLetter(version: string | null): string {
  const index = legacyVersions.findIndex((known) => known === version);
  return index < 0 ? 'z' : String.fromCharCode(97 + index);
}

function versionOf(letter: string): string | null {
  return legacyVersions[letter.charCodeAt(0) - 97] ?? null;
}
