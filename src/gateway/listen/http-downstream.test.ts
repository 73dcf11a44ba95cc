import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { test } from 'node:test';

import { HttpDownstream } from './http-downstream.ts';

const bytes = Buffer.alloc(20_000_000, 0x20);

for (const [client, reads] of [
  ['a client that takes nothing of a large answer is let go', false],
  ['a client that takes a large answer gets all of it', true],
] as const) {
  test(client, { timeout: 20_000 }, async (context) => {
    const lost = Promise.withResolvers<boolean>();
    const server = createServer((_request, response) => {
      response.on('close', () => lost.resolve(!response.writableFinished));
      new HttpDownstream(response, new Set(), 200).answer(200, {}, bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A listening TCP server has an AddressInfo.
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    context.after(() => {
      socket.destroy();
      server.closeAllConnections();
      server.close();
    });
    socket.on('error', () => null);
    if (reads) socket.resume();
    else socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    assert.equal(await lost.promise, !reads);
  });
}
