import type { AuditFiles, AuditFilesProblem } from '../../audit/audit-files.ts';
import type { IntentRecord, OutcomeRecord, RefusalRecord } from '../../audit/record.ts';
import { ok, type Result } from '../../base/result.ts';
import type { CallEnd } from './bounded-counters.ts';
import type { KnownArguments } from './possible.ts';

/** One recorded `tools/call`: forwarded or refused, and how it ended. */
export interface RecordedCall {
  readonly seq: number;
  readonly record: IntentRecord | RefusalRecord;
  readonly end: CallEnd;
}

/** Which calls are wanted; absent members do not narrow. */
export interface TrafficFilter {
  readonly server: string | null;
  /** Grant ids; null for all. */
  readonly grants: ReadonlySet<string> | null;
}

/** Recorded calls, oldest first, and what the log does not say about them. */
export interface Traffic {
  readonly calls: readonly RecordedCall[];
  readonly servers: ReadonlySet<string>;
  readonly grants: ReadonlySet<string>;
  /** Whether older records were removed by retention. */
  readonly pruned: boolean;
}

/** Reads every call of a log. The servers and grants named are those of the whole log. */
export async function readTraffic(
  files: AuditFiles,
  filter: TrafficFilter,
): Promise<Result<Traffic, AuditFilesProblem>> {
  const calls: { seq: number; record: IntentRecord | RefusalRecord }[] = [];
  const outcomes = new Map<string, OutcomeRecord>();
  const servers = new Set<string>();
  const grants = new Set<string>();
  let firstSeq: number | null = null;
  const read = await files.everyRecord(({ seq, body }) => {
    firstSeq ??= seq;
    if (body.kind === 'outcome') outcomes.set(body.id, body);
    if (body.kind !== 'intent' && body.kind !== 'refusal') return;
    servers.add(body.server);
    grants.add(body.grant);
    if (filter.server !== null && body.server !== filter.server) return;
    if (filter.grants !== null && !filter.grants.has(body.grant)) return;
    calls.push({ seq, record: body });
  });
  if (!read.ok) return read;
  const ended = calls.map(({ seq, record }) => {
    const outcome = outcomes.get(record.id);
    const end = { endedMs: outcome?.time ?? null, givenBack: outcome?.givenBack ?? false };
    return { seq, record, end };
  });
  return ok({ calls: ended, servers, grants, pruned: (firstSeq ?? 1) > 1 });
}

/** Names that a record keeps, and characters of each. */
const namesMax = 64;
const nameCharactersMax = 128;

/** Refusals that were given before anything looked at the arguments. */
const beforeArguments = new Set(['no-policy', 'hidden', 'default-deny', 'action-deny']);

/** What the record of a call says of its arguments. */
export function knownArguments(record: IntentRecord | RefusalRecord): KnownArguments {
  const { argumentKeys } = record;
  const cut = argumentKeys.some((key) => key.length >= nameCharactersMax);
  const unread = record.kind === 'refusal' && beforeArguments.has(record.code);
  return {
    keys: new Set(argumentKeys),
    complete: argumentKeys.length < namesMax && !cut,
    maybeInvalid: unread && argumentKeys.length === 0 && record.argumentsDigest !== null,
  };
}
