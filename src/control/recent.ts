import type { RecordBody } from '../audit/record.ts';
import type { ControlDeps } from './deps.ts';
import type { RecentDecision } from './pages.ts';

/** Records as lines of the overview, newest first; what is no decision on a call is left out. */
function recentDecisions(records: readonly RecordBody[]): readonly RecentDecision[] {
  const lines: RecentDecision[] = [];
  for (const record of records) {
    if (record.kind !== 'intent' && record.kind !== 'refusal') continue;
    lines.push({
      time: new Date(record.time).toISOString().slice(0, 19).replace('T', ' '),
      grant: record.grant,
      server: record.server,
      tool: record.tool,
      decision: record.kind === 'intent' ? 'forwarded' : record.enforcement,
      rule: record.rule,
    });
  }
  return lines;
}

/** The newest decisions of the log; none when it cannot be read. */
export async function recentOf(
  { files }: Pick<ControlDeps, 'files'>,
  count: number,
): Promise<readonly RecentDecision[]> {
  const found = await files.tail(count * 4);
  if (!found.ok) return [];
  const newest = found.value.map((record) => record.body).toReversed();
  return recentDecisions(newest).slice(0, count);
}
