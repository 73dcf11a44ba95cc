import { fork } from 'node:child_process';
import type { LoadFigures, LoadOrder, LoadReport } from './load.ts';
import { usageOfTree } from './process-tree.ts';

/** One target in one round. */
export interface Measurement extends LoadFigures {
  /** Microseconds of processor time a call, of the target's whole process tree; null for none. */
  readonly cpuUsPerCall: number | null;
  readonly peakRssMb: number | null;
}

/** Runs the load generator once; rejects when an answer was wrong. `pid` is the target's. */
export function runLoad(order: LoadOrder, pid: number | null): Promise<Measurement> {
  return new Promise((done, failed) => {
    const child = fork(new URL('load.ts', import.meta.url), { stdio: 'inherit' });
    let cpuUsBefore = 0;
    let settled = false;
    child.on('message', (report: LoadReport) => {
      if (report.kind === 'measuring') {
        cpuUsBefore = pid === null ? 0 : usageOfTree(pid).cpuUs;
        return;
      }
      settled = true;
      if (report.kind === 'failed') return failed(new Error(report.message));
      const usage = pid === null ? null : usageOfTree(pid);
      const { figures } = report;
      done({
        ...figures,
        cpuUsPerCall: usage === null ? null : (usage.cpuUs - cpuUsBefore) / figures.calls,
        peakRssMb: usage === null ? null : usage.peakRssMb,
      });
    });
    child.on('exit', () => {
      if (!settled) failed(new Error('the load generator ended without a report'));
    });
    child.send(order);
  });
}
