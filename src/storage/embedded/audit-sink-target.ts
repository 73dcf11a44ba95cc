import * as fs from 'node:fs';
import { err, ok } from '../../base/result.ts';
import { readLineHead } from '../../audit/chain.ts';
import { sha256 } from './audit-paths.ts';
import { LineReader, readBufferBytes } from './audit-read.ts';
import type { SinkTarget } from './audit-sink.ts';
import { errorCode } from './audit-writer.ts';

/** Appends to a file, such as one on another disk; signed heads go to a file beside it. */
export function fileSink(path: string): SinkTarget {
  let held: number | null = null;
  let lastHead = '';
  return {
    name: `file ${sha256(path)}`,
    lastLine: () => lastLineOf(path),
    send: ({ first, last, text, head }) => {
      try {
        // What was cut short is cut off; what is there already is not written again.
        held ??= readLineHead(lastLineOf(path) ?? '')?.seq ?? 0;
        const lines = text.split('\n').slice(0, -1);
        const lacking = lines.slice(Math.max(0, held - first + 1));
        held = null;
        appendDurably(path, lacking.map((line) => `${line}\n`).join(''));
        if (head !== null && head !== lastHead) appendDurably(`${path}.checkpoints`, `${head}\n`);
        held = last;
        lastHead = head ?? lastHead;
        return Promise.resolve(ok(null));
      } catch (error) {
        return Promise.resolve(err(errorCode(error)));
      }
    },
  };
}

/** Cuts off what a crash left unfinished. Null where the file is not there or holds no record. */
function lastLineOf(path: string): string | null {
  if (!fs.existsSync(path)) return null;
  const { size } = fs.statSync(path);
  const reader = new LineReader(path, Math.max(0, size - readBufferBytes / 2));
  let last: string | null = null;
  try {
    const take = (line: string): void => {
      if (readLineHead(line) !== null) last = line;
    };
    while (reader.readChunk(take)) {
      // Everything happens in the condition.
    }
    const { offset, tornBytes } = reader.end();
    if (tornBytes > 0) fs.truncateSync(path, offset);
  } finally {
    reader.close();
  }
  return last;
}

function appendDurably(path: string, text: string): void {
  const file = fs.openSync(path, 'a', 0o600);
  try {
    const bytes = Buffer.from(text, 'latin1');
    for (let done = 0; done < bytes.length;) done += fs.writeSync(file, bytes, done);
    fs.fdatasyncSync(file);
  } finally {
    fs.closeSync(file);
  }
}

/** What an HTTP sink is reached with. */
export interface HttpSinkOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/**
 * Posts batches as JSON lines. A batch is kept once the answer is 2xx; one that comes again has the
 * same `idempotency-key`, the same first and last number and the same bytes.
 */
export function httpSink({ url, headers, timeoutMs }: HttpSinkOptions): SinkTarget {
  const name = `http ${sha256(url)}`;
  return {
    name,
    lastLine: () => null,
    send: async ({ first, last, text, head }) => {
      try {
        const response = await fetch(url, {
          method: 'POST',
          redirect: 'manual',
          headers: {
            ...headers,
            'content-type': 'application/x-ndjson',
            'idempotency-key': `${first}-${last}-${sha256(text)}`,
            'portcullis-first': String(first),
            'portcullis-last': String(last),
            ...(head === null ? {} : { 'portcullis-signed-head': head }),
          },
          body: text,
          signal: AbortSignal.timeout(timeoutMs),
        });
        await response.arrayBuffer();
        return response.ok ? ok(null) : err(`http ${response.status}`);
      } catch (error) {
        return err(
          error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'unreachable',
        );
      }
    },
  };
}
