// What the suite starts for each client scenario:
//   node scenario-client.ts direct|through <the URL of the suite's server>
import { runEverythingClient } from '../fixtures/everything/client.ts';
import { startDataPath } from '../support/data-path.ts';

const [, , how, url = ''] = process.argv;
const scenario = {
  modern: process.env['MCP_CONFORMANCE_PROTOCOL_VERSION'] === '2026-07-28',
  context: JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as unknown,
};
if (how === 'direct') {
  await runEverythingClient({ url: new URL(url), headers: {}, ...scenario });
} else {
  const config = {
    name: 'suite',
    transport: 'http',
    url,
    headers: {},
    allowPrivate: true,
  } as const;
  const dataPath = await startDataPath({
    servers: [config],
    policies: { suite: { version: '1', default: 'allow' } },
  });
  await runEverythingClient({
    url: new URL(`${dataPath.url}/s/suite/mcp`),
    headers: { authorization: `Bearer ${dataPath.token}` },
    ...scenario,
  });
  await dataPath.close();
}
