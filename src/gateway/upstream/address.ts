import ipaddr from 'ipaddr.js';

/** Whether an address may be connected to, and if not, why: a word for the operator's log. */
export type AddressVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly why: string };

/** What an operator opens with `allowPrivate`; everything else that is not unicast stays shut. */
const privateRanges: ReadonlySet<string> = new Set([
  'loopback',
  'private',
  'linkLocal',
  'uniqueLocal',
  'carrierGradeNat',
]);

/** Metadata services of clouds: they hand out credentials and are never an MCP server. */
const metadataAddresses: ReadonlySet<string> = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  'fd00:ec2::254',
  'fd00:ec2::23',
]);

const allowed: AddressVerdict = { allowed: true };

/**
 * Judges one literal address, as a resolver or a URL gives it. Public unicast alone is allowed;
 * with `allowPrivate` also loopback, private, link-local, unique-local and carrier-grade NAT.
 * An address that embeds an IPv4 address (mapped, NAT64) is judged by what it embeds; 6to4 and
 * Teredo hide their target and stay refused.
 */
export function judgeAddress(address: string, allowPrivate: boolean): AddressVerdict {
  if (!ipaddr.isValid(address)) return refused('not an address');
  if (ipv4Compatible.test(address)) return refused('ipv4Compatible');
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv6) return judgeIpv6(parsed, allowPrivate);
  return judgeRange(parsed.range(), parsed.toString(), allowPrivate);
}

function judgeIpv6(address: ipaddr.IPv6, allowPrivate: boolean): AddressVerdict {
  const range = address.range();
  if (range === 'ipv4Mapped') {
    return judgeAddress(address.toIPv4Address().toString(), allowPrivate);
  }
  if (range === 'rfc6052' && allowPrivate) {
    const bytes = address.toByteArray().slice(12);
    return judgeAddress(ipaddr.fromByteArray(bytes).toString(), allowPrivate);
  }
  if (embedsIpv4Compatible(address)) return refused('ipv4Compatible');
  return judgeRange(range, address.toString(), allowPrivate);
}

/** `::a.b.c.d`, deprecated, but some stacks still route it to the IPv4 address. */
const ipv4Compatible = /^::\d+\./u;

/** The same address written in hexadecimal groups. */
function embedsIpv4Compatible(address: ipaddr.IPv6): boolean {
  return address.parts.slice(0, 6).every((part) => part === 0) && address.range() === 'unicast';
}

function judgeRange(range: string, address: string, allowPrivate: boolean): AddressVerdict {
  if (metadataAddresses.has(address)) return refused('metadata service');
  if (range === 'unicast') return allowed;
  if (allowPrivate && privateRanges.has(range)) return allowed;
  return refused(range);
}

function refused(why: string): AddressVerdict {
  return { allowed: false, why };
}
