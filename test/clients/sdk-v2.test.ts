import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

import { answers, describeClient, type Connect } from './uses.ts';

/** `auto` asks for 2026-07-28 first, and opens a session where a server does not speak it. */
function connectAs(mode: 'legacy' | 'auto'): Connect {
  return async (url, headers) => {
    const client = new Client(
      { name: `sdk-v2-${mode}`, version: '1.0.0' },
      {
        capabilities: { roots: {}, sampling: {}, elicitation: {} },
        versionNegotiation: { mode },
      },
    );
    client.setRequestHandler('sampling/createMessage', () => ({ ...answers.sampled }));
    client.setRequestHandler('elicitation/create', () => ({ ...answers.elicited }));
    client.setRequestHandler('roots/list', () => ({ roots: [...answers.roots.roots] }));
    const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers } });
    await client.connect(transport);
    return {
      version: client.getNegotiatedProtocolVersion() ?? '',
      tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
      call: async (name, args, progress) => {
        const onprogress = (at: { progress: number }): void => progress?.(at.progress);
        const params = { name, arguments: { ...args } };
        return JSON.stringify(
          await client.callTool(params, progress === undefined ? {} : { onprogress }),
        );
      },
      read: async (uri) => JSON.stringify(await client.readResource({ uri })),
      close: async () => {
        await transport.terminateSession();
        await client.close();
      },
    };
  };
}

describeClient('SDK v2, legacy', () => '2025-11-25', connectAs('legacy'));
describeClient(
  'SDK v2, auto',
  (isModernServer) => (isModernServer ? '2026-07-28' : '2025-11-25'),
  connectAs('auto'),
);
