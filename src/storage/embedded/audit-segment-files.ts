import * as fs from 'node:fs';

/**
 * The few file operations that the audit writer needs, so narrow that every fault of a disk can be
 * acted out. All throw what `node:fs` throws, but for the two that sync, which run off the event loop
 * and hand their error over.
 */
export interface SegmentFiles {
  /** Opens for appending; `create` makes the file and fails where one exists. */
  openAppend(path: string, create: boolean): number;
  /** Writes at the end; answers how many bytes were taken, which may be fewer. */
  write(file: number, bytes: Uint8Array, offset: number, length: number): number;
  truncate(file: number, length: number): void;
  /** Settles when the file's content survives a power cut. */
  datasync(file: number, done: (error: Error | null) => void): void;
  /** The same for the directory's entries. */
  syncDirectory(path: string, done: (error: Error | null) => void): void;
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
  syncDirectory(path, done) {
    // Windows has no handle for a directory, and no need of this.
    if (process.platform === 'win32') return void setImmediate(done, null);
    fs.open(path, 'r', (openError, directory) => {
      if (openError !== null) return done(openError);
      fs.fsync(directory, (error) => fs.close(directory, () => done(error)));
    });
  },
  close: (file) => fs.closeSync(file),
  remove: (path) => fs.rmSync(path, { force: true }),
};
