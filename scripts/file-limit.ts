import { readdirSync, readFileSync } from 'node:fs';

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** When it began, in the system's ticks: another process may come to have its number. */
  readonly began: string;
  readonly args: readonly string[];
}

const tickMs = 1_000;

/** A watch over everything that a test run has started. */
export interface Watch {
  /** The processes that were started below this one and run, also those whose parent has ended. */
  running(): readonly number[];
  /** Ends them all. */
  endAll(): void;
  /** Ends the watch. */
  close(): void;
}

/**
 * Watches the processes that the test runner starts, one for each file. One that runs longer than
 * `secondsMax` is killed with everything below it, so that the others go on; `late` hears its name.
 * Seconds are looks of this process: those in which the machine stood still do not count. Where the
 * system has no `/proc` nothing is watched.
 */
export function watchFiles(
  files: ReadonlySet<string>,
  secondsMax: number,
  late: (file: string) => void,
): Watch {
  const seconds = new Map<number, number>();
  /** What was ever seen below this process and has not ended: when it began, by its number. */
  let started = new Map<number, string>();
  const look = (): readonly ProcessEntry[] => {
    const all = processes();
    const own = new Set(below(all, process.pid));
    const kept = all.filter(({ pid, began }) => own.has(pid) || started.get(pid) === began);
    started = new Map(kept.map(({ pid, began }) => [pid, began]));
    return all;
  };
  const timer = setInterval(() => {
    const all = look();
    for (const { pid, args } of all.filter(({ parent }) => parent === process.pid)) {
      const file = args.at(-1) ?? '';
      if (!files.has(file)) continue;
      const seen = (seconds.get(pid) ?? 0) + 1;
      seconds.set(pid, seen);
      if (seen <= secondsMax) continue;
      if (seen === secondsMax + 1) late(file);
      for (const one of [pid, ...below(all, pid)]) kill(one);
    }
  }, tickMs);
  const running = (): readonly number[] => {
    look();
    return [...started.keys()];
  };
  return { running, endAll: () => running().forEach(kill), close: () => clearInterval(timer) };
}

/** Every process below this one, at any depth. */
function below(all: readonly ProcessEntry[], pid: number): readonly number[] {
  const found = [pid];
  for (const one of found) {
    found.push(...all.filter(({ parent }) => parent === one).map((entry) => entry.pid));
  }
  return found.slice(1);
}

function processes(): readonly ProcessEntry[] {
  return names('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = text(`/proc/${name}/stat`);
      // Behind the name, which may hold anything: state, parent, and 17 others before the beginning.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const [state, parent, began] = [fields[0], fields[1], fields[19]];
      if (parent === undefined || began === undefined || state === 'Z') return [];
      const args = text(`/proc/${name}/cmdline`).split('\0').slice(0, -1);
      return [{ pid: Number(name), parent: Number(parent), began, args }];
    });
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Empty for a process that ended between one look and the next. */
function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
