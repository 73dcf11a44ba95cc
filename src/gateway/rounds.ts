import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';

import { canonicalJson } from '../base/canonical-json.ts';
import { membersAt, stringValueOf, type Member } from '../base/strict-json.ts';
import type { Answer } from '../mcp/answer.ts';
import type { RequestMessage } from '../mcp/message.ts';
import type { Caller } from './caller.ts';
import { editedRequest } from './edit-request.ts';
import type { Gateway } from './gateway.ts';
import type { RoundPass } from './round-passes.ts';

/** How a server's state begins that this gateway sealed. */
const roundPrefix = 'pcr1.';

/** How long the rounds of one request may be apart, in milliseconds. */
const roundMs = 86_400_000;

/** A later round of a request, as its server may see it. */
export interface Round {
  /** The message with the server's own state in it, or with none where it gave none. */
  readonly message: RequestMessage;
  readonly nonce: string;
  /** What an earlier round paid for; null where nothing was, or where it was used already. */
  readonly pass: RoundPass | null;
}

/** Methods of 2026-07-28 whose results may ask for more input. */
const inRounds: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** What a client adds to a request for another round; everything else must be as it was. */
const ofTheRound: ReadonlySet<string> = new Set(['_meta', 'requestState', 'inputResponses']);

/**
 * Reads the state that a request carries (2026-07-28, multi round-trip requests). `foreign` when it
 * is not one that this gateway sealed for this grant, server and request, or is too old: nothing
 * may be forwarded then. Null for a request without a state, which is nearly every one.
 */
export function roundOf(
  gateway: Gateway,
  caller: Caller,
  message: RequestMessage,
): Round | 'foreign' | null {
  if (message.era !== 'modern' || !inRounds.has(message.method)) return null;
  const given = message.params?.['requestState'];
  if (given === undefined) return null;
  const sealed = typeof given === 'string' ? readSealed(given) : null;
  if (sealed === null || !(sealed.expiresMs > gateway.latestMs())) return 'foreign';
  const expected = Buffer.from(macOf(gateway, { caller, message }, sealed));
  const mac = Buffer.from(sealed.mac);
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return 'foreign';
  const opened = withState(message, sealed.state);
  if (opened === null) return 'foreign';
  const { nonce } = sealed;
  return { message: opened, nonce, pass: gateway.live.passes.take(nonce) };
}

/** Gives back what a round would have used, when it was not forwarded. */
export function keepPass(gateway: Gateway, round: Round): void {
  if (round.pass !== null) gateway.live.passes.give(round.nonce, round.pass);
}

/**
 * An answer that asks for another round, with its state sealed: bound to the grant, and to the
 * request. The server's own state comes back to it byte for byte. Null leaves the answer as it is:
 * it asks for nothing, or has no state and paid for none.
 */
export function sealedAnswer(
  gateway: Gateway,
  of: { readonly caller: Caller; readonly message: RequestMessage },
  answer: Answer,
  pass: RoundPass | null,
): string | null {
  const { resultSpan, requestStateSpan, text } = answer;
  if (of.message.era !== 'modern' || !inRounds.has(of.message.method)) return null;
  if (answer.resultType !== 'input_required' || resultSpan === null) return null;
  if (requestStateSpan === null && pass === null) return null;
  const state =
    requestStateSpan === null ? '' : text.slice(requestStateSpan.start, requestStateSpan.end);
  const nonce = randomBytes(16).toString('base64url');
  const expiresMs = gateway.latestMs() + roundMs;
  const mac = macOf(gateway, of, { nonce, expiresMs, state });
  if (pass !== null) gateway.live.passes.give(nonce, pass);
  const head = `${roundPrefix}${expiresMs.toString(36)}.${nonce}.${mac}.`;
  const sealed = JSON.stringify(head + state);
  if (requestStateSpan !== null) {
    return text.slice(0, requestStateSpan.start) + sealed + text.slice(requestStateSpan.end);
  }
  // The result has a member, `resultType`: what is put before it needs a comma.
  const at = resultSpan.start + 1;
  return `${text.slice(0, at)}"requestState":${sealed},${text.slice(at)}`;
}

interface Sealed {
  readonly nonce: string;
  readonly expiresMs: number;
  /** JSON text of the server's state; empty when it gave none. */
  readonly state: string;
}

function readSealed(given: string): (Sealed & { readonly mac: string }) | null {
  const match =
    /^pcr1\.([0-9a-z]{1,11})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})\.([\s\S]*)$/.exec(given);
  if (match === null) return null;
  const [, expires = '', nonce = '', mac = '', state = ''] = match;
  return { expiresMs: Number.parseInt(expires, 36), nonce, mac, state };
}

function macOf(
  gateway: Gateway,
  { caller, message }: { readonly caller: Caller; readonly message: RequestMessage },
  { nonce, expiresMs, state }: Sealed,
): string {
  const request = requestDigest(message);
  const bound = [caller.grant.id, caller.server, request, nonce, String(expiresMs), state];
  const text = ['round', ...bound].map((part) => `${part.length}:${part}`).join('');
  return createHmac('sha256', gateway.installationKey).update(text).digest('base64url');
}

/** What must be the same in every round: the method, and what it is asked with. */
function requestDigest(message: RequestMessage): string {
  const lines = paramsOf(message)
    .filter(({ key }) => !ofTheRound.has(key))
    .map(({ key, valueStart, valueEnd }) => {
      return `${JSON.stringify(key)}:${canonicalJson(message.text, valueStart, valueEnd)}`;
    });
  return hash('sha256', [message.method, ...lines.sort()].join('\n'), 'base64url');
}

function paramsOf(message: RequestMessage): readonly Member[] {
  const { paramsSpan, text } = message;
  return paramsSpan === null ? [] : membersAt(text.text, paramsSpan.start);
}

function withState(message: RequestMessage, state: string): RequestMessage | null {
  const { paramsSpan, text } = message;
  const members = paramsOf(message);
  const carried = members.find(({ key }) => key === 'requestState');
  if (carried === undefined || paramsSpan === null) return null;
  if (state !== '') {
    // What a server gave is put back only as the string that the protocol says it is.
    if (stringValueOf(state) === null) return null;
    return editedRequest(message, [
      { start: carried.valueStart, end: carried.valueEnd, text: state },
    ]);
  }
  const kept = members
    .filter((member) => member !== carried)
    .map(({ keyStart, valueEnd }) => text.text.slice(keyStart, valueEnd));
  return editedRequest(message, [{ ...paramsSpan, text: `{${kept.join(',')}}` }]);
}
