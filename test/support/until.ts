/** How long one look may count: more means that this process, or the machine, stood still. */
const lookMsMax = 1_000;

/**
 * Waits until a condition holds; the error names what was waited for. Time in which this process
 * stood still is not waited, and neither is most of a look that takes long.
 */
export async function until(
  what: string | (() => string),
  holds: () => boolean | Promise<boolean>,
  msMax = 30_000,
): Promise<void> {
  let waitedMs = 0;
  let lastMs = performance.now();
  while (!(await holds())) {
    const nowMs = performance.now();
    waitedMs += Math.min(lookMsMax, nowMs - lastMs);
    lastMs = nowMs;
    if (waitedMs > msMax) {
      throw new Error(`after ${msMax} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
