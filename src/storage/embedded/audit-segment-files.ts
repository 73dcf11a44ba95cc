import * as fs from 'node:fs';

/**
 * The few file operations that the audit writer needs, so narrow that every fault of a disk can be
 * acted out. All throw what `node:fs` throws, but for `datasync`, which hands its error over.
 */
export interface SegmentFiles {
  /** Opens for appending; `create` makes the file and fails where one exists. */
  openAppend(path: string, create: boolean): number;
  /** Writes at the end; answers how many bytes were taken, which may be fewer. */
  write(file: number, bytes: Uint8Array, offset: number, length: number): number;
  truncate(file: number, length: number): void;
  /** Settles when the file's content survives a power cut. */
  datasync(file: number, done: (error: Error | null) => void): void;
  /** The same for the directory's entries, at once. */
  syncDirectory(path: string): void;
  close(file: number): void;
  remove(path: string): void;
}

const ownerOnly = 0o600;

/** The real disk. */
export const nodeSegmentFiles: SegmentFiles = {
  openAppend(path, create) {
    const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
    return fs.openSync(path, O_WRONLY | O_APPEND | (create ? O_CREAT | O_EXCL : 0), ownerOnly);
  },
  write: (file, bytes, offset, length) => fs.writeSync(file, bytes, offset, length),
  truncate: (file, length) => fs.ftruncateSync(file, length),
  datasync: (file, done) => fs.fdatasync(file, done),
  syncDirectory(path) {
    // Windows has no handle for a directory, and no need of this.
    if (process.platform === 'win32') return;
    const directory = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(directory);
    } finally {
      fs.closeSync(directory);
    }
  },
  close: (file) => fs.closeSync(file),
  remove: (path) => fs.rmSync(path, { force: true }),
};
