import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';

import { answers, type TestClient } from './uses.ts';

/** The client of SDK v1 over any of its transports. */
export async function connectSdkV1(
  transport: Transport,
  version: () => string,
  end: () => Promise<void>,
): Promise<TestClient> {
  const client = new Client(
    { name: 'sdk-v1', version: '1.0.0' },
    { capabilities: { roots: {}, sampling: {}, elicitation: {} } },
  );
  client.setRequestHandler(CreateMessageRequestSchema, () => ({ ...answers.sampled }));
  client.setRequestHandler(ElicitRequestSchema, () => ({ ...answers.elicited }));
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [...answers.roots.roots] }));
  await client.connect(transport);
  return {
    version: version(),
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
      await end();
      await client.close();
    },
  };
}
