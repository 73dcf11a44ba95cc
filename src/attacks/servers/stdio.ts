import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

import type { Caller, Fixture } from './fixture.ts';
import { answerTo, clientNameOf, readMessage } from './protocol.ts';

/** Serves one client over two streams, one message a line; resolves when the input ends. */
export async function serveStdio(
  fixture: Fixture,
  input: Readable,
  output: Writable,
): Promise<void> {
  let client = '';
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const message = readMessage(line);
    if (message === null || message.id === undefined || message.method === '') continue;
    if (message.method === 'initialize') client = clientNameOf(message);
    const caller: Caller = {
      session: null,
      client: client || clientNameOf(message),
      headers: {},
      ask: () => Promise.reject(new Error('this server asks over HTTP alone')),
    };
    output.write(`${JSON.stringify(await answerTo(fixture, message, caller))}\n`);
  }
  await fixture.close?.();
}
