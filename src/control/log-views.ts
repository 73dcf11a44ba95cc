import type { FoundRecord } from '../audit/audit-files.ts';
import type { OutcomeRecord, RecordBody } from '../audit/record.ts';
import type { Grant } from '../identity/grant.ts';

/** One line of the log: a call with its outcome, or a change. */
export interface LogLine {
  readonly seq: number;
  readonly id: string;
  readonly time: number;
  readonly kind: RecordBody['kind'];
  readonly grant: string | null;
  readonly principal: string | null;
  readonly server: string | null;
  /** The tool, the method, the action or the event. */
  readonly what: string;
  /** What was done: `forwarded`, `refused`, `held`, `allow`, `deny`, an outcome, or nothing. */
  readonly done: string;
  readonly rule: string | null;
  readonly detail: string | null;
  /** How the server answered; null while it is not known. */
  readonly outcome: string | null;
  readonly ms: number | null;
}

/** A record as a line. `labels` says how grants are called. */
export function lineOf(
  { seq, body, state = null }: Pick<FoundRecord, 'seq' | 'body'> & Partial<FoundRecord>,
  labels: ReadonlyMap<string, string>,
  outcome: OutcomeRecord | null,
): LogLine {
  const base = { ...blank, seq, id: body.id, time: body.time, kind: body.kind };
  const named = (grant: string | null): string | null =>
    grant === null ? null : (labels.get(grant) ?? grant);
  switch (body.kind) {
    case 'intent': {
      const { grant, principal, server, tool, rule, wouldRefuse } = body;
      const ms = outcome === null ? null : outcome.upstreamUs / 1000;
      const known = outcome?.status ?? (state === 'done' ? null : state);
      return {
        ...base,
        grant: named(grant),
        principal,
        server,
        what: tool,
        done: 'forwarded',
        rule,
        detail: wouldRefuse === null ? null : `would be refused by ${wouldRefuse}`,
        outcome: known,
        ms,
      };
    }
    case 'refusal': {
      const { grant, principal, server, tool, rule, enforcement, message } = body;
      const who = { grant: named(grant), principal, server };
      return { ...base, ...who, what: tool, done: enforcement, rule, detail: message };
    }
    case 'outcome':
      return { ...base, what: 'outcome', done: body.status, ms: body.upstreamUs / 1000 };
    case 'method': {
      const { grant, principal, server, method, decision, code } = body;
      const who = { grant: named(grant), principal, server };
      return { ...base, ...who, what: method, done: decision, detail: code };
    }
    case 'approval': {
      const { grant, principal, server, tool, rule, event, actor } = body;
      const who = { grant: named(grant), principal: actor ?? principal, server };
      return { ...base, ...who, what: tool, done: `approval ${event}`, rule, detail: body.call };
    }
    case 'admin': {
      const { actor, action, subject } = body;
      const done = signInDone[action] ?? 'changed';
      return { ...base, principal: actor, what: action, done, detail: subject };
    }
    case 'system':
      return { ...base, what: body.event, done: 'system' };
    default:
      return base;
  }
}

/** What a record of `admin` says that changed nothing. */
const signInDone: Readonly<Record<string, string>> = {
  'session.open': 'signed in',
  'session.refused': 'not let in',
  'passkey.refused': 'not added',
};

const blank: Omit<LogLine, 'seq' | 'id' | 'time' | 'kind'> = {
  grant: null,
  principal: null,
  server: null,
  what: '',
  done: '',
  rule: null,
  detail: null,
  outcome: null,
  ms: null,
};

/** Grant id -> label. */
export function labelsOf(grants: readonly Grant[]): ReadonlyMap<string, string> {
  return new Map(grants.map(({ id, label }) => [id, label]));
}

/** What charts are drawn from: counts in equal steps of time, oldest first. */
export interface Charts {
  readonly sinceMs: number;
  readonly stepMs: number;
  readonly forwarded: readonly number[];
  readonly refused: readonly number[];
  readonly held: readonly number[];
  /** Median and 95th percentile of what servers took, in milliseconds; null where none answered. */
  readonly medianMs: readonly (number | null)[];
  readonly p95Ms: readonly (number | null)[];
  readonly topTools: readonly { readonly name: string; readonly count: number }[];
  readonly topRules: readonly { readonly name: string; readonly count: number }[];
  /** False when there was more than is counted at once. */
  readonly complete: boolean;
}

/** Counts records into steps. `records` may come in any order. */
export function chartsOf(
  records: readonly RecordBody[],
  span: { readonly sinceMs: number; readonly stepMs: number; readonly steps: number },
): Omit<Charts, 'complete'> {
  const { sinceMs, stepMs, steps } = span;
  const zeros = (): number[] => Array.from({ length: steps }, () => 0);
  const [forwarded, refused, held] = [zeros(), zeros(), zeros()];
  const waits: number[][] = Array.from({ length: steps }, () => []);
  const tools = new Map<string, number>();
  const rules = new Map<string, number>();
  for (const body of records) {
    const at = Math.floor((body.time - sinceMs) / stepMs);
    if (at < 0 || at >= steps) continue;
    if (body.kind === 'outcome') waits[at]?.push(body.upstreamUs / 1000);
    if (body.kind !== 'intent' && body.kind !== 'refusal') continue;
    const name = `${body.server} · ${body.tool}`;
    tools.set(name, (tools.get(name) ?? 0) + 1);
    const row = body.kind === 'intent' ? forwarded : body.enforcement === 'held' ? held : refused;
    row[at] = (row[at] ?? 0) + 1;
    if (body.kind === 'refusal') rules.set(body.rule, (rules.get(body.rule) ?? 0) + 1);
  }
  return {
    sinceMs,
    stepMs,
    forwarded,
    refused,
    held,
    medianMs: waits.map((step) => quantile(step, 0.5)),
    p95Ms: waits.map((step) => quantile(step, 0.95)),
    topTools: top(tools),
    topRules: top(rules),
  };
}

function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}

function top(counts: ReadonlyMap<string, number>): Charts['topTools'] {
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, 8);
  return sorted.map(([name, count]) => ({ name, count }));
}
