import type { OutcomeRecord } from '../audit/record.ts';
import type { Metrics } from './metrics.ts';
import type { Observer } from './observed-log.ts';

/** Stands for the name of a tool that no server has: a stranger may make up any number of them. */
const unknownTool = '(unknown)';

/** Counts calls, other requests and changes, and times the stages of each call. */
export function callMetrics(metrics: Metrics): Observer {
  const calls = metrics.counter({
    name: 'portcullis_calls_total',
    help: 'Tool calls, by what was decided; `code` says why one was refused or held.',
    labels: ['server', 'tool', 'decision', 'code'],
  });
  const outcomes = metrics.counter({
    name: 'portcullis_call_outcomes_total',
    help: 'Forwarded tool calls, by what became of them.',
    labels: ['server', 'tool', 'status'],
  });
  const stages = metrics.histogram({
    name: 'portcullis_call_stage_seconds',
    help: 'Time of forwarded calls: to decide and enforce, to record the intent, at the server.',
    labels: ['server', 'stage'],
  });
  const requests = metrics.counter({
    name: 'portcullis_requests_total',
    help: 'Other requests and messages; `code` says why one was refused.',
    labels: ['server', 'method', 'direction', 'decision', 'code'],
  });
  const changes = metrics.counter({
    name: 'portcullis_changes_total',
    help: 'Changes by operators.',
    labels: ['action'],
  });
  // As many as there are servers.
  const stagesOf = new Map<string, (outcome: OutcomeRecord) => void>();
  const newStages = (server: string): ((outcome: OutcomeRecord) => void) => {
    const decide = stages.of([server, 'decide']);
    const record = stages.of([server, 'record']);
    const upstream = stages.of([server, 'upstream']);
    const observe = ({ decideUs, recordUs, upstreamUs }: OutcomeRecord): void => {
      decide(decideUs / 1e6);
      record(recordUs / 1e6);
      upstream(upstreamUs / 1e6);
    };
    stagesOf.set(server, observe);
    return observe;
  };
  return {
    began: ({ server, tool, decision, wouldRefuse }) => {
      calls.add([server, tool, decision, wouldRefuse === null ? '' : 'observed']);
    },
    ended: ({ server, tool }, outcome) => {
      outcomes.add([server, tool, outcome.status]);
      (stagesOf.get(server) ?? newStages(server))(outcome);
    },
    refused: ({ server, tool, pin, enforcement, code }) => {
      calls.add([server, pin === null ? unknownTool : tool, enforcement, code]);
    },
    method: ({ server, method, direction, decision, code, count }) => {
      // What was refused may be called anything.
      const shown = decision === 'allow' ? method : '';
      requests.add([server ?? '', shown, direction, decision, code ?? ''], count ?? 1);
    },
    other: (record) => {
      if (record.kind === 'admin') changes.add([record.action]);
    },
  };
}
