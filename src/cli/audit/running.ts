import type { AuditFiles, AuditQuery, FoundRecord, SearchAnswer } from '../../audit/audit-files.ts';
import type { StoredRecord } from '../../audit/chain.ts';
import { readJson } from '../../base/json-value.ts';
import { ok } from '../../base/result.ts';
import { connectControl, type ControlClient } from '../control-client.ts';

/**
 * The log of a data folder on which a gateway may run. What is asked of the log as it is now is
 * asked of that gateway, by its control API; where none runs or answers, of the files. What takes
 * the log as a whole reads its files always: a verification that trusts the gateway proves nothing,
 * and an export is not its work.
 */
export function openRunningLog(dataDir: string, files: AuditFiles): AuditFiles {
  const ask = async <T>(path: string): Promise<T | null> => {
    const control = await connectControl(dataDir);
    const answer = control.ok ? await control.value.get(path) : control;
    // The API answers these routes with records as the log has them.
    return answer.ok ? (answer.value as T) : null;
  };
  return {
    tail: async (count) => {
      const path = `/api/v1/records?count=${Math.min(count, tailMax)}`;
      const found = count > tailMax ? null : await ask<Found>(path);
      return found === null ? files.tail(count) : ok(found.records);
    },
    search: async (query) => {
      const found = await ask<SearchAnswer>(`/api/v1/records/search?${searchOf(query)}`);
      return found === null ? files.search(query) : ok(found);
    },
    show: async (id) => {
      const found = await ask<Found>(`/api/v1/records/${encodeURIComponent(id)}`);
      return found === null ? files.show(id) : ok(found);
    },
    follow: async (afterSeq, each, signal) => {
      const control = await connectControl(dataDir);
      const last = control.ok
        ? await followed(control.value, { afterSeq, each, signal })
        : afterSeq;
      // The files have what comes when the gateway has ended, and started again.
      if (!signal.aborted) await files.follow(last, each, signal);
    },
    everyRecord: (each) => files.everyRecord(each),
    verify: (options) => files.verify(options),
    close: () => files.close(),
  };
}

interface Found {
  readonly records: readonly FoundRecord[];
}

/** What the API gives at once. */
const tailMax = 10_000;

function searchOf(query: AuditQuery): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.toString();
}

/** Follows until the stream ends or `signal` aborts; the number of the last record given. */
async function followed(
  control: ControlClient,
  about: {
    readonly afterSeq: number;
    readonly each: (record: StoredRecord) => void | Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  let last = about.afterSeq;
  const path = `/api/v1/records/stream?after=${about.afterSeq}`;
  for await (const { event, data } of control.events(path, about.signal)) {
    if (event !== 'record') continue;
    // As above.
    const record = readJson(data) as StoredRecord;
    last = record.seq;
    await about.each(record);
  }
  return last;
}
