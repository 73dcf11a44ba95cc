import type { AuditFiles } from '../audit/audit-files.ts';
import { err, ok } from '../base/result.ts';
import { changes, replay, type ReplayedCall } from '../cli/policy/simulate.ts';
import { readTraffic } from '../cli/policy/traffic.ts';
import type { Simulate, SimulatedCall } from '../control/simulation.ts';

/** Calls that one answer lists of each kind. */
const listedMax = 200;

/** Replays the log of a data folder. Counters see every call; only the wanted ones are reported. */
export function simulateOver(files: AuditFiles): Simulate {
  return async ({ policy, server, tools, labels, grants, sinceMs }) => {
    const read = await readTraffic(files, { server, grants: null });
    if (!read.ok) return err(`the log could not be read (${read.error.code}); see its files`);
    const reported = replay(read.value.calls, { policy, tools, labels }).filter(
      ({ call: { record } }) =>
        record.time >= sinceMs && (grants === null || grants.has(record.grant)),
    );
    const changed = reported.filter((each) => changes(each) === true);
    const cannotTell = reported.filter((each) => changes(each) === null);
    return ok({
      calls: reported.length,
      unchanged: reported.length - changed.length - cannotTell.length,
      changed: newest(changed),
      cannotTell: newest(cannotTell),
      changedCount: changed.length,
      cannotTellCount: cannotTell.length,
    });
  };
}

function newest(calls: readonly ReplayedCall[]): readonly SimulatedCall[] {
  const last = calls.slice(-listedMax).toReversed();
  return last.map(({ call: { seq, record }, was, wasRule, becomes, rules }) => {
    const { id, time, grant, tool } = record;
    return { id, seq, time, grant, tool, was, wasRule, becomes, rules };
  });
}
