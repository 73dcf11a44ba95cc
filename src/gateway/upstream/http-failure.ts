import { EgressRefused } from './egress.ts';
import { isCoded } from './headers.ts';
import type { UpstreamFailure } from './upstream.ts';

/** Why the answer is not passed on, or null: redirects and codings end the exchange. */
export function problemOfHead(
  status: number,
  contentEncoding: string | undefined,
): UpstreamFailure | null {
  if (status >= 300 && status < 400) {
    return { kind: 'refused', reached: true, detail: `redirects are not followed (${status})` };
  }
  if (isCoded(contentEncoding)) {
    return { kind: 'broken', reached: true, detail: 'the answer is compressed' };
  }
  return null;
}

/** Before the request started, nothing left; after that, anything may have arrived. */
export function failureOf(error: Error, started: boolean): UpstreamFailure {
  const detail = describe(error);
  if (started) return { kind: 'broken', reached: true, detail };
  if (error instanceof EgressRefused) return { kind: 'refused', reached: false, detail };
  return { kind: 'unreachable', reached: false, detail };
}

function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `${code}: ${error.message}`.slice(0, 300);
}
