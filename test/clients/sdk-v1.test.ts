import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { connectSdkV1 } from './sdk-v1-client.ts';
import { describeClient, type Connect } from './uses.ts';

const connect: Connect = (url, headers) => {
  const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers } });
  return connectSdkV1(
    transport,
    () => transport.protocolVersion ?? '',
    () => transport.terminateSession(),
  );
};

describeClient('SDK v1', () => '2025-11-25', connect);
