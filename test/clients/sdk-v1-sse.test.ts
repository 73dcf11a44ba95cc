import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';

import { describeClient, type Connect } from './uses.ts';
import { connectSdkV1 } from './sdk-v1-client.ts';

/** Reaches every server over the old transport, whatever the server itself speaks. */
const connect: Connect = (url, headers) => {
  const transport = new SSEClientTransport(new URL(url.href.replace(/mcp$/, 'sse')), {
    requestInit: { headers },
  });
  return connectSdkV1(
    transport,
    () => '2025-11-25',
    () => Promise.resolve(),
  );
};

describeClient('SDK v1 over HTTP+SSE', () => '2025-11-25', connect, {
  lastProgressMayBeLost: true,
});
