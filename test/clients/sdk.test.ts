import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { connectSdkV1 } from './sdk-v1-client.ts';
import { connectSdkV2 } from './sdk-v2-client.ts';
import { describeClient, type Connect } from './uses.ts';

const overHttp: Connect = (url, headers) => {
  const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers } });
  return connectSdkV1(
    transport,
    () => transport.protocolVersion ?? '',
    () => transport.terminateSession(),
  );
};

/** Reaches every server over the old transport, whatever the server itself speaks. */
const overSse: Connect = (url, headers) => {
  const transport = new SSEClientTransport(new URL(url.href.replace(/mcp$/, 'sse')), {
    requestInit: { headers },
  });
  return connectSdkV1(
    transport,
    () => '2025-11-25',
    () => Promise.resolve(),
  );
};

describeClient('SDK v1', () => '2025-11-25', overHttp);
describeClient('SDK v1 over HTTP+SSE', () => '2025-11-25', overSse, {
  lastProgressMayBeLost: true,
});
describeClient('SDK v2, legacy', () => '2025-11-25', connectSdkV2('legacy'));
describeClient(
  'SDK v2, auto',
  (isModernServer) => (isModernServer ? '2026-07-28' : '2025-11-25'),
  connectSdkV2('auto'),
);
