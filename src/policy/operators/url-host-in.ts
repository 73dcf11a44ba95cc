import { ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { JsonValue } from '../../base/strict-json.ts';
import { compileDomainList, isDomainName } from './domain-list.ts';
import type { Outcome } from './outcome.ts';

/** Longest text that is looked at, in UTF-16 units. */
const TEXT_MAX = 65_536;

/**
 * The only shape that is judged: scheme, host, a port of digits, then nothing or what follows.
 * Anything else (user information, brackets, percent, upper case, `//host`) does not match.
 */
const SHAPE = /^(https?):\/\/([a-z0-9.-]+)(?::([0-9]+))?(?=[/?#]|$)(.*)$/s;

const DEFAULT_PORT: Readonly<Record<string, string>> = { http: '80', https: '443' };

/**
 * `url_host_in`: the host of an http or https URL is one of the list (see `compileDomainList`:
 * `example.com` is that host alone, `.example.com` its subdomains alone).
 *
 * A verdict needs a text that every parser reads alike: an absolute URL, scheme and host in lower
 * case ASCII, no port or the scheme's own, no user information, no backslash, white space, control
 * or format character anywhere, and the WHATWG parser agreeing on the host. All else is
 * `cannot-tell`: relative and scheme-relative references, other schemes, addresses in any notation
 * (a list of names cannot say whose they are), final dots, IDN in Unicode. A punycode host holds
 * only where the list has exactly that name; below a listed `.parent` it is `cannot-tell`.
 *
 * Limits: what DNS answers, and where a redirect leads, is not in the text.
 */
export function compileUrlHostIn(
  operand: JsonValue,
): Result<(value: JsonValue) => Outcome, string> {
  const list = compileDomainList(operand, 'host names');
  if (!list.ok) return list;
  return ok((value) => judgeUrl(value, list.value));
}

function judgeUrl(value: JsonValue, judgeHost: (host: string) => Outcome): Outcome {
  if (typeof value !== 'string' || value.length > TEXT_MAX) return 'cannot-tell';
  if (/[\s\\\p{Cc}\p{Cf}\p{Cs}]/u.test(value)) return 'cannot-tell';

  const [matched, scheme = '', host = '', port, rest = ''] = SHAPE.exec(value) ?? [];
  if (matched === undefined || !isDomainName(host)) return 'cannot-tell';
  if (port !== undefined && port !== DEFAULT_PORT[scheme]) return 'cannot-tell';
  // Some parsers look for `@` up to the first slash, whatever `?` or `#` stands before it.
  if (/^[?#]/.test(rest) && rest.includes('@')) return 'cannot-tell';

  return agrees(value, scheme, host) ? judgeHost(host) : 'cannot-tell';
}

/** Whether the WHATWG parser, which fetch and browsers use, sees the same scheme and host. */
function agrees(text: string, scheme: string, host: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    url.protocol === `${scheme}:` &&
    url.hostname === host &&
    url.port === '' &&
    url.username === '' &&
    url.password === ''
  );
}
