import type { Readable, Writable } from 'node:stream';
import { answer, decodeBody, errorAnswer } from './protocol.ts';
import type { DemoServer } from './server.ts';

const NEWLINE = 10;
const LINE_BYTES_MAX = 1_000_000;

/** Serves one client over two streams, one message a line; resolves when the input ends. */
export function serveStdio(server: DemoServer, input: Readable, output: Writable): Promise<void> {
  return new Promise((done) => {
    let pending = Buffer.alloc(0);
    input.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      let end = pending.indexOf(NEWLINE);
      while (end !== -1) {
        answerLine(server, pending.subarray(0, end), output);
        pending = pending.subarray(end + 1);
        end = pending.indexOf(NEWLINE);
      }
      // A line without an end is not kept for ever: what follows it is answered as unreadable.
      if (pending.length > LINE_BYTES_MAX) pending = Buffer.alloc(0);
    });
    input.on('end', done);
  });
}

function answerLine(server: DemoServer, line: Uint8Array, output: Writable): void {
  if (Buffer.from(line).toString('utf8').trim() === '') return;
  const body = decodeBody(line);
  if (body.kind === 'problem' || body.batch) {
    const problem = body.kind === 'problem' ? body : { code: -32600, message: 'no batches here' };
    output.write(`${errorAnswer(null, { status: 400, ...problem }).json}\n`);
    return;
  }
  for (const message of body.messages) {
    const { json } = answer(server, message);
    if (json !== null) output.write(`${json}\n`);
  }
}
