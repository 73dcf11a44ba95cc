import { setTimeout as sleep } from 'node:timers/promises';

import type { AuditFiles, AuditQuery } from '../../audit/audit-files.ts';

/** Between two questions, and for all of them, in milliseconds. */
const againMs = 250;
const waitMsMax = 10_000;

/**
 * Searches, and asks again while the answer misses the newest records: the index is some moments
 * behind the log. What is still not complete after ten seconds says so.
 */
export async function searchWhole(
  log: Pick<AuditFiles, 'search'>,
  query: AuditQuery,
): ReturnType<AuditFiles['search']> {
  const sinceMs = performance.now();
  let answer = await log.search(query);
  while (answer.ok && !answer.value.complete && performance.now() - sinceMs < waitMsMax) {
    await sleep(againMs);
    answer = await log.search(query);
  }
  return answer;
}
