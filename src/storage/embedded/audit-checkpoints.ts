import * as fs from 'node:fs';
import { open } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ChainHead } from '../../audit/chain.ts';
import { signCheckpoint } from '../../audit/checkpoint.ts';
import type { CheckpointSigner } from '../../audit/checkpoint.ts';
import { readLines } from './audit-read.ts';
import { errorCode } from './audit-writer.ts';

export interface CheckpointerOptions {
  /** The checkpoints file. */
  readonly path: string;
  readonly signer: CheckpointSigner;
  readonly clock: Clock;
  readonly log: Log;
}

const ownerOnly = 0o600;

/**
 * Writes signed heads. A head is signed once its segment survives a power cut, so that a log that
 * ends before its last signed head was cut by somebody.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #last: Promise<boolean> = Promise.resolve(true);
  #signedSeq = 0;
  #failing = false;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  /** Signs a head that stands in the segment `path`, after those asked for before. */
  write(head: ChainHead, path: string): Promise<boolean> {
    this.#last = this.#last.then(() => this.#sign(head, path));
    return this.#last;
  }

  /** True when the head is signed; a failure is logged once and the next head tries again. */
  async #sign(head: ChainHead, path: string): Promise<boolean> {
    if (head.seq <= this.#signedSeq) return true;
    const { signer, clock, log } = this.#options;
    try {
      const segment = await open(path, 'r+');
      try {
        await segment.datasync();
      } finally {
        await segment.close();
      }
      await appendWhole(this.#options.path, `${signCheckpoint(head, clock.nowMs(), signer)}\n`);
    } catch (error) {
      if (!this.#failing) log.error('audit.checkpoint-failed', { error: errorCode(error) });
      this.#failing = true;
      return false;
    }
    this.#failing = false;
    this.#signedSeq = head.seq;
    return true;
  }
}

/** The lines of a checkpoints file, without a last one that a crash cut short. */
export function readCheckpointLines(path: string): readonly string[] {
  if (!fs.existsSync(path)) return [];
  const lines: string[] = [];
  readLines(path, (line) => lines.push(line));
  return lines;
}

/** Cuts off a last line that a crash left unfinished. Throws what `node:fs` throws. */
export function mendCheckpoints(path: string): void {
  if (!fs.existsSync(path)) return;
  const { offset, tornBytes } = readLines(path, () => {});
  if (tornBytes > 0) fs.truncateSync(path, offset);
}

/**
 * All of the text or none of it, on the disk when this settles. The text is there at once, so that
 * whoever reads or replaces the file meanwhile has it; the disk is waited for off the event loop:
 * with a whole segment to write it may take many milliseconds.
 */
async function appendWhole(path: string, text: string): Promise<void> {
  const file = fs.openSync(path, 'a', ownerOnly);
  try {
    const { size } = fs.fstatSync(file);
    try {
      if (fs.writeSync(file, text) !== text.length) throw new Error('the disk took a part only');
      await datasync(file);
    } catch (error) {
      fs.ftruncateSync(file, size);
      throw error;
    }
  } finally {
    fs.closeSync(file);
  }
}

function datasync(file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fdatasync(file, (error) => (error === null ? resolve() : reject(error)));
  });
}
