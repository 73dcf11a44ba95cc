import type { IncomingMessage } from 'node:http';

import { err, ok, type Result } from '../../base/result.ts';

/** Why a body was not read to its end. */
export type BodyFault = 'too-large' | 'aborted' | 'late';

/** Reads a body of at most `bytesMax` bytes within `timeoutMs`; stops reading at the first fault. */
export function readBody(
  request: IncomingMessage,
  limits: { readonly bytesMax: number; readonly timeoutMs: number },
): Promise<Result<Uint8Array, BodyFault>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(() => settle(err('late')), limits.timeoutMs);
    const settle = (result: Result<Uint8Array, BodyFault>): void => {
      clearTimeout(timer);
      request.removeAllListeners('data');
      resolve(result);
    };
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limits.bytesMax) {
        request.pause();
        settle(err('too-large'));
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () => {
      const [only] = chunks;
      settle(ok(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)));
    });
    request.on('error', () => settle(err('aborted')));
    request.on('close', () => settle(err('aborted')));
  });
}
