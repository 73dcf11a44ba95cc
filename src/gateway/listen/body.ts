import type { IncomingMessage } from 'node:http';

import { err, ok, type Result } from '../../base/result.ts';

/** Why a body was not read to its end. */
export type BodyFault = 'too-large' | 'aborted';

/**
 * Reads a body of at most `bytesMax` bytes; how long it may take is the port's `requestTimeout`. What
 * came in one piece with its head, as small messages do, is taken without listening for it.
 */
export async function readBody(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Result<Uint8Array, BodyFault>> {
  // The parser goes on behind the head once whoever handles it has returned.
  await Promise.resolve();
  if (!request.complete || request.destroyed) return listenFor(request, bytesMax);
  // Without an encoding a stream gives bytes, and null for none.
  const body = request.read() as Buffer | null;
  if (body === null) return ok(Buffer.alloc(0));
  return body.length <= bytesMax ? ok(body) : err('too-large');
}

function listenFor(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Result<Uint8Array, BodyFault>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      request.removeAllListeners('data');
      request.pause();
      resolve(err('too-large'));
    });
    request.on('end', () => {
      const [only] = chunks;
      resolve(ok(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)));
    });
    request.on('close', () => resolve(err('aborted')));
    request.on('error', () => resolve(err('aborted')));
  });
}
