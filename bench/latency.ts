const MICROSECONDS_MAX = 1_000_000;

/** Counts of latencies, one for each microsecond up to a second; longer ones count as a second. */
export type Latencies = Uint32Array;

export function emptyLatencies(): Latencies {
  return new Uint32Array(MICROSECONDS_MAX + 1);
}

/** Adds one latency, in milliseconds. */
export function addLatency(latencies: Latencies, ms: number): void {
  const at = Math.min(MICROSECONDS_MAX, Math.max(0, Math.round(ms * 1000)));
  latencies[at] = (latencies[at] ?? 0) + 1;
}

/** The latency in microseconds that `share` (0 to 1) of the calls stayed within; 0 without calls. */
export function percentile(latencies: Latencies, share: number): number {
  const total = latencies.reduce((sum, count) => sum + count, 0);
  const wanted = Math.ceil(total * share);
  let seen = 0;
  for (const [microseconds, count] of latencies.entries()) {
    seen += count;
    if (seen >= wanted && seen > 0) return microseconds;
  }
  return 0;
}

/** The middle of a list of figures; the mean of the two middle ones where there is no middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (upper + lower) / 2;
}
