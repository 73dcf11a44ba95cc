import type { IncomingMessage } from 'node:http';

import { err, ok, type Result } from '../../base/result.ts';

/** Why a body was not read to its end. */
export type BodyFault = 'too-large' | 'aborted';

/** Reads a body of at most `bytesMax` bytes; how long it may take is the port's `requestTimeout`. */
export function readBody(
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
