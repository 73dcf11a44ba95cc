import { ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { JsonValue } from '../../base/strict-json.ts';
import { compileDomainList, isDomainName } from './domain-list.ts';
import type { Outcome } from './outcome.ts';

/** Longest text that is looked at, in UTF-16 units, all elements of a list together. */
const TEXT_MAX = 65_536;

/** Longest single mailbox, display name included. */
const MAILBOX_MAX = 500;

/**
 * A local part that no relay reads as a route or a command: no `%`, `!`, `/`, `|` and no leading
 * hyphen, no quoting, dots between atoms only; at most 64 long (RFC 5321 §4.5.3.1.1).
 */
const LOCAL = /^[A-Za-z0-9_+=&'][A-Za-z0-9_+=&'-]*(?:\.[A-Za-z0-9_+=&'-]+)*$/;

/** What may stand before `<address>`: words, with or without quotes round the whole. */
const DISPLAY_NAME = /^(?:[\p{L}\p{M}\p{N} ._'-]*|"[\p{L}\p{M}\p{N} ._'-]*") ?$/u;

/**
 * `email_domain_in`: every address in the value is at one of the domains (see `compileDomainList`:
 * `example.com` is that domain alone, `.example.com` its subdomains alone). The value is a string
 * or a list of strings; each string is one address, or several with commas or semicolons between
 * them, each `a@b.example`, `<a@b.example>` or `Name <a@b.example>`. Case does not count in domains.
 *
 * Holds when all are inside, does not hold when all are outside. One inside and another outside is
 * `cannot-tell`, so that a `deny_if` on a domain fires when it is hidden among others. So is what
 * mail software reads in different ways: quoted local parts, comments, groups, routes
 * (`a%b@c`, `b!a@c`, `@a,@b:c@d`), address literals, control characters, line breaks, a comma in a
 * display name, non-ASCII addresses, encoded words, `mailto:`, final dots, empty elements, and no
 * address at all.
 */
export function compileEmailDomainIn(
  operand: JsonValue,
): Result<(value: JsonValue) => Outcome, string> {
  const list = compileDomainList(operand, 'domains');
  if (!list.ok) return list;
  return ok((value) => judgeValue(value, list.value));
}

function judgeValue(value: JsonValue, judgeDomain: (domain: string) => Outcome): Outcome {
  const texts = textsOf(value);
  if (texts === null) return 'cannot-tell';
  const outcomes = new Set(
    texts
      .flatMap((text) => text.split(/[,;]/))
      .map((mailbox) => {
        const domain = domainOf(mailbox);
        return domain === null ? 'cannot-tell' : judgeDomain(domain);
      }),
  );
  const [only] = outcomes;
  return outcomes.size === 1 && only !== undefined ? only : 'cannot-tell';
}

function textsOf(value: JsonValue): readonly string[] | null {
  const elements: readonly JsonValue[] = Array.isArray(value) ? value : [value];
  const texts: string[] = [];
  let length = 0;
  for (const element of elements) {
    if (typeof element !== 'string') return null;
    length += element.length + 1;
    if (length > TEXT_MAX) return null;
    texts.push(element);
  }
  return texts;
}

/** The canonical domain of one mailbox, or null when it is not of a shape that is read one way. */
function domainOf(mailbox: string): string | null {
  if (mailbox.length > MAILBOX_MAX) return null;
  const text = mailbox.replace(/^ +/, '').replace(/ +$/, '');
  const open = text.indexOf('<');
  if (open === -1) return domainOfAddress(text);
  if (!text.endsWith('>') || !DISPLAY_NAME.test(text.slice(0, open))) return null;
  return domainOfAddress(text.slice(open + 1, -1));
}

function domainOfAddress(address: string): string | null {
  const at = address.indexOf('@');
  if (at < 1 || at > 64 || !LOCAL.test(address.slice(0, at))) return null;
  const written = address.slice(at + 1);
  // Only ASCII is folded: `K` (Kelvin) and its like must not become letters of the list.
  if (!/^[A-Za-z0-9.-]+$/.test(written)) return null;
  const domain = written.toLowerCase();
  return isDomainName(domain) ? domain : null;
}
