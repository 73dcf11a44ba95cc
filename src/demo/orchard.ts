// A program of its own: `node src/demo/orchard.ts` serves the demo desktop over stdio.
import { createOrchard } from './orchard/server.ts';
import { serveStdio } from './stdio.ts';

const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

await serveStdio(createOrchard(clock), process.stdin, process.stdout);
