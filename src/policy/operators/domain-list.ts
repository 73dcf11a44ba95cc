import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { JsonValue } from '../../base/strict-json.ts';
import type { Outcome } from './outcome.ts';

/** Most entries in one list of domains. */
const ENTRIES_MAX = 1000;

/** A label of letters, digits and hyphens, lower case, 1 to 63 long (RFC 1123 §2.1). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads a list of names: `example.com` is that name alone, `.example.com` every name below it and
 * not `example.com` itself (list both to have both). Names are canonical: lower case, ASCII (IDN
 * as `xn--` labels), no port, no final dot, no address literal, no wildcard. The error says what
 * was expected.
 */
export function compileDomainList(
  operand: JsonValue,
  what: string,
): Result<(domain: string) => Outcome, string> {
  const expected = `a list of 1 to ${ENTRIES_MAX} ${what}, lower case, \`.example.com\` for subdomains`;
  if (!Array.isArray(operand) || operand.length === 0 || operand.length > ENTRIES_MAX) {
    return err(expected);
  }
  const exact = new Set<string>();
  const parents = new Set<string>();
  for (const entry of operand) {
    if (typeof entry !== 'string') return err(expected);
    const name = entry.startsWith('.') ? entry.slice(1) : entry;
    if (!isDomainName(name)) return err(`${expected}; not one: ${JSON.stringify(entry)}`);
    (name === entry ? exact : parents).add(name);
  }
  return ok((domain) => judge(domain, exact, parents));
}

/**
 * Whether `text` is a canonical host name: LDH labels in lower case, 253 characters at most, whose
 * last label no parser takes for a number (WHATWG URL §3.5, `ends in a number`).
 */
export function isDomainName(text: string): boolean {
  if (text.length === 0 || text.length > 253) return false;
  const labels = text.split('.');
  const last = labels[labels.length - 1] ?? '';
  return labels.every((label) => LABEL.test(label)) && !/^(?:\d+|0x[0-9a-f]*)$/.test(last);
}

/**
 * `domain` is a canonical name. A punycode label is shown to people as letters that may look like
 * others, so a name with one holds only where the list has exactly that name.
 */
function judge(domain: string, exact: ReadonlySet<string>, parents: ReadonlySet<string>): Outcome {
  if (exact.has(domain)) return 'holds';
  const below = hasParentIn(domain, parents);
  if (!below) return 'does-not-hold';
  return domain.split('.').some((label) => label.startsWith('xn--')) ? 'cannot-tell' : 'holds';
}

function hasParentIn(domain: string, parents: ReadonlySet<string>): boolean {
  let dot = domain.indexOf('.');
  while (dot !== -1) {
    if (parents.has(domain.slice(dot + 1))) return true;
    dot = domain.indexOf('.', dot + 1);
  }
  return false;
}
