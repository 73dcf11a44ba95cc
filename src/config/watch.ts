import { stat, realpath, watch } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What is watched, and how patiently. */
export interface WatchOptions {
  readonly files: readonly string[];
  /** Called when the files have changed and lie still again. It loads them, and keeps what it has
   * when they do not load. */
  readonly onChange: () => void;
  /** How long files must lie still, in milliseconds. */
  readonly settleMs: number;
  /** How often files are looked at where nothing is heard of them, in milliseconds. */
  readonly pollMs: number;
}

/** A watch that is running. */
export interface FileWatch {
  /** Resolves when every file was looked at once: what is written from then on is told. */
  readonly ready: Promise<void>;
  /** Watches these files instead: those that are new to it from their present state on. */
  setFiles(files: readonly string[]): void;
  /** Stops. `onChange` is not called any more. */
  close(): void;
}

/**
 * Watches files through the folders that they, and what they are links to, lie in: a file that is
 * replaced by a rename, or reached through a link that is turned, is another file by the same name.
 * Folders that cannot be watched are looked at now and then.
 */
export function watchFiles(options: WatchOptions): FileWatch {
  const { onChange, settleMs, pollMs } = options;
  let files = options.files;
  let told = new Map<string, string>();
  let folders = new AbortController();
  let settling: NodeJS.Timeout | null = null;
  let closed = false;

  /** Tells of a change when two looks in a row see the same. */
  async function look(before: string | null): Promise<void> {
    const looked = files;
    const now = await fingerprints(looked);
    if (closed || looked !== files) return;
    // What is seen of a file for the first time is its present state.
    const known = new Map([...now].map(([file, print]) => [file, told.get(file) ?? print]));
    if (same(known, now)) {
      told = now;
    } else if (textOf(now) === before) {
      told = now;
      hearFolders();
      onChange();
    } else {
      lookAgain(textOf(now));
    }
  }

  function lookAgain(before: string | null): void {
    if (closed) return;
    if (settling !== null) clearTimeout(settling);
    settling = setTimeout(() => void look(before), settleMs);
    settling.unref();
  }

  function hearFolders(): void {
    folders.abort();
    const { signal } = (folders = new AbortController());
    void foldersOf(files).then((paths) => {
      for (const path of paths) void hear(path, signal, () => lookAgain(null));
      // What happened while nobody listened was not heard.
      if (!signal.aborted) lookAgain(null);
    });
  }

  const poll = setInterval(() => void look(null), pollMs);
  poll.unref();
  hearFolders();
  const ready = look(null);
  return {
    ready,
    setFiles(next) {
      files = next;
      hearFolders();
    },
    close() {
      closed = true;
      clearInterval(poll);
      if (settling !== null) clearTimeout(settling);
      folders.abort();
    },
  };
}

/** Says at each event that something in a folder happened, until the folder cannot be watched. */
async function hear(folder: string, signal: AbortSignal, onEvent: () => void): Promise<void> {
  const listen = async (): Promise<void> => {
    for await (const _ of watch(folder, { signal, persistent: false })) onEvent();
  };
  await listen().catch(() => null);
}

async function foldersOf(files: readonly string[]): Promise<ReadonlySet<string>> {
  const real = await Promise.all(files.map((file) => realpath(file).catch(() => file)));
  const inner = await Promise.all(files.map((file) => realpath(dirname(file)).catch(() => file)));
  return new Set([
    ...files.map((file) => dirname(file)),
    ...real.map((file) => dirname(file)),
    ...inner,
  ]);
}

/** Which files these are and when they were last written: other text, other fingerprint. */
async function fingerprints(files: readonly string[]): Promise<Map<string, string>> {
  const entries = files.map(async (file): Promise<readonly [string, string]> => {
    const found = await stat(file, { bigint: true }).catch(() => null);
    if (found === null) return [file, 'not there'];
    const { dev, ino, size, mtimeNs, ctimeNs } = found;
    return [file, `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`];
  });
  return new Map(await Promise.all(entries));
}

function textOf(prints: ReadonlyMap<string, string>): string {
  return JSON.stringify([...prints]);
}

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return textOf(a) === textOf(b);
}
