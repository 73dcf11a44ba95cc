import { readdirSync, readFileSync } from 'node:fs';

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly args: readonly string[];
}

const tickMs = 1_000;

/**
 * Watches the processes that the test runner starts, one for each file. One that runs longer than
 * `secondsMax` is killed with everything below it, so that the others go on; `late` hears its name.
 * Seconds are looks of this process: those in which the machine stood still do not count. Where the
 * system has no `/proc` nothing is watched. What it gives ends the watch.
 */
export function limitFiles(
  files: ReadonlySet<string>,
  secondsMax: number,
  late: (file: string) => void,
): () => void {
  const seconds = new Map<number, number>();
  const timer = setInterval(() => {
    const all = processes();
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
  return () => clearInterval(timer);
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
      const parent = / [A-Z] (\d+) /.exec(stat.slice(stat.lastIndexOf(')')))?.[1];
      if (parent === undefined) return [];
      const args = text(`/proc/${name}/cmdline`).split('\0').slice(0, -1);
      return [{ pid: Number(name), parent: Number(parent), args }];
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
