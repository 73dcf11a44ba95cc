/** Which names this listener answers to, and which pages may call it. */
export interface HostPolicy {
  /** Host names, without port, in lower case. */
  readonly hosts: ReadonlySet<string>;
  /** The port that a `Host` may name; null accepts any (behind a proxy of the operator's). */
  readonly port: number | null;
  /** Origins, such as `https://console.example.com`, beside the listener's own. */
  readonly origins: ReadonlySet<string>;
}

export const loopbackHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Whether a `Host` value names this listener: exactly one known name, with the right port or none. */
export function isKnownHost(policy: HostPolicy, host: string | null): boolean {
  if (host === null) return false;
  const match = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::([0-9]{1,5}))?$/.exec(host.toLowerCase());
  const name = match?.[1];
  if (name === undefined || !policy.hosts.has(name)) return false;
  if (match?.[2] === undefined) return true;
  const port = Number(match[2]);
  if (port < 1 || port > 65_535) return false;
  return policy.port === null || port === policy.port;
}

/**
 * Whether a page of this origin may call: none named (no browser), the listener's own, or one that
 * the operator listed. `Origin` and `Host` are judged apart: a good one never excuses a bad one.
 */
export function isKnownOrigin(policy: HostPolicy, origin: string | null): boolean {
  if (origin === null || policy.origins.has(origin)) return true;
  const match = /^https?:\/\/([^/]+)$/.exec(origin);
  return match?.[1] !== undefined && isKnownHost(policy, match[1]);
}
