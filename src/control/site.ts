import { isIP } from 'node:net';

import { ok, type Result } from '../base/result.ts';
import { conflict, type ControlProblem } from './problem.ts';

/** What a browser says of the page that asks. The listener has refused names it does not know. */
export interface AskingPage {
  /** The `Origin` header; empty where there is none. */
  readonly origin: string;
  /** The `Host` header. */
  readonly host: string;
}

/** The address under which people reach the console. */
export interface Site {
  /** As browsers write it, without a slash at its end. */
  readonly origin: string;
  /** Its host name, without the port. */
  readonly name: string;
}

/**
 * The console's address for whoever asks: the one of the operator's file, or else that of the page,
 * when it is a page of the very host that was asked. An origin that may call from elsewhere
 * (`listen.origins`) is never the console's.
 */
export function siteOf(page: AskingPage, configured: string | null): Result<Site, ControlProblem> {
  const asked = URL.parse(page.origin);
  const own = configured === null ? asked : URL.parse(configured);
  if (asked === null || own === null) {
    return conflict('only a page of the console can ask this: open it in a browser');
  }
  if (asked.origin !== own.origin) {
    return conflict(`the console is at ${own.origin}/console/: open it there and try again`);
  }
  if (configured === null && asked.hostname !== URL.parse(`http://${page.host}`)?.hostname) {
    return conflict(
      'the address of this page is not the one that the gateway was asked by: name it in the operator’s file as `console.url`',
    );
  }
  return ok({ origin: own.origin, name: own.hostname });
}

/**
 * The address as one that passkeys can be made for: a name, reached by https or on this machine
 * (WebAuthn, §5.1.3: the relying party is a domain, the page a secure context).
 */
export function passkeySiteOf(
  page: AskingPage,
  configured: string | null,
): Result<Site, ControlProblem> {
  const site = siteOf(page, configured);
  if (!site.ok) return site;
  const { origin, name } = site.value;
  const { port, protocol } = new URL(origin);
  const bare = name.replace(/^\[|\]$/g, '');
  if (bare === '127.0.0.1' || bare === '::1') {
    const local = `http://localhost${port === '' ? '' : `:${port}`}/console/`;
    return conflict(
      `a passkey belongs to a name, and this page was opened by an address: open ${local} instead`,
    );
  }
  if (isIP(bare) !== 0) {
    return conflict(
      'a passkey belongs to a name, and this page was opened by an address: open the console by its host name, over https',
    );
  }
  if (protocol !== 'https:' && name !== 'localhost') {
    return conflict('passkeys need https: open the console by an https address');
  }
  return site;
}
