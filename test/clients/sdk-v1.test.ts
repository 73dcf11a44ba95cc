import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';

import { answers, describeClient, type Connect } from './uses.ts';

const connect: Connect = async (url, headers) => {
  const client = new Client(
    { name: 'sdk-v1', version: '1.0.0' },
    { capabilities: { roots: {}, sampling: {}, elicitation: {} } },
  );
  client.setRequestHandler(CreateMessageRequestSchema, () => ({ ...answers.sampled }));
  client.setRequestHandler(ElicitRequestSchema, () => ({ ...answers.elicited }));
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [...answers.roots.roots] }));
  const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers } });
  await client.connect(transport);
  return {
    version: transport.protocolVersion ?? '',
    tools: async () => {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await client.listTools(cursor === undefined ? {} : { cursor });
        names.push(...page.tools.map((tool) => tool.name));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return names;
    },
    call: async (name, args, progress) => {
      const options = { onprogress: (at: { progress: number }) => progress?.(at.progress) };
      const params = { name, arguments: { ...args } };
      return JSON.stringify(
        await client.callTool(params, undefined, progress === undefined ? {} : options),
      );
    },
    read: async (uri) => JSON.stringify(await client.readResource({ uri })),
    close: async () => {
      await transport.terminateSession();
      await client.close();
    },
  };
};

describeClient('SDK v1', () => '2025-11-25', connect);
