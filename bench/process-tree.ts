import { readdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

/** What a process and everything below it has used so far. */
export interface TreeUsage {
  /** Microseconds of processor time, user and system, of all threads. */
  readonly cpuUs: number;
  /** Megabytes: the sum of each process's own peak. */
  readonly peakRssMb: number;
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface Stat {
  readonly parent: number;
  /** Clock ticks of the process and of children that it has waited for. */
  readonly ticks: number;
}

/** Reads /proc; a process that has just ended counts as nothing. */
export function usageOfTree(root: number): TreeUsage {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : null;
    if (stat !== null) stats.set(Number(name), stat);
  }
  const members = [...stats.keys()].filter((pid) => isBelow(stats, pid, root));
  const ticks = members.reduce((sum, pid) => sum + (stats.get(pid)?.ticks ?? 0), 0);
  const kilobytes = members.reduce((sum, pid) => sum + readPeakRss(pid), 0);
  return { cpuUs: (ticks / TICKS_PER_SECOND) * 1_000_000, peakRssMb: kilobytes / 1024 };
}

function isBelow(stats: ReadonlyMap<number, Stat>, pid: number, root: number): boolean {
  for (let at: number | undefined = pid; at !== undefined; at = stats.get(at)?.parent) {
    if (at === root) return true;
  }
  return false;
}

function readStat(pid: number): Stat | null {
  const text = readOrNothing(`/proc/${pid}/stat`);
  // The name in parentheses may hold anything, so that fields are counted from its end.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 20) return null;
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), ticks };
}

function readPeakRss(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readOrNothing(`/proc/${pid}/status`))?.[1] ?? 0);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
