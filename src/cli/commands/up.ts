import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import type { Command } from 'commander';

import type { RunningGateway } from '../../main.ts';
import { startConfigured, startDemo, type Demo } from '../../main/start.ts';
import type { Result } from '../../base/result.ts';
import { exitCodes, type Io } from '../io.ts';

interface UpOptions {
  readonly config?: string;
  readonly data?: string;
  readonly host?: string;
  readonly port?: string;
  readonly verbose?: boolean;
}

/** `portcullis up`: gateway, control API and pages on one port. */
export function addUpCommand(program: Command, io: Io, version: string): void {
  program
    .command('up')
    .description('start the gateway; without a configuration, a demo with five servers')
    .option('--config <file>', 'configuration; default: portcullis.json here, if there is one')
    .option('--data <dir>', 'data folder; default: ./data, or what the configuration says')
    .option('--host <address>', 'address to listen on; default 127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 takes a free one; default 8420')
    .option('--verbose', 'log what goes well too, and what servers write to stderr')
    .action((options: UpOptions) => up(io, options, version));
}

async function up(io: Io, options: UpOptions, version: string): Promise<void> {
  const port = options.port === undefined ? null : portOf(options.port);
  if (options.port !== undefined && port === null) {
    return failed(io, `--port: \`${options.port}\` is no port; write a number from 0 to 65535`);
  }
  const verbose = options.verbose === true;
  const wanted = {
    dataDir: options.data ?? null,
    host: options.host ?? null,
    port,
    version,
    verbose,
  };
  const configPath = options.config ?? (await defaultConfig());
  if (configPath !== null) {
    return serve(io, await startConfigured({ ...wanted, configPath: resolve(configPath) }), null);
  }
  const demo = await startDemo(wanted);
  if (!demo.ok) return failed(io, demo.error);
  return serve(io, { ok: true, value: demo.value.gateway }, demo.value);
}

async function serve(
  io: Io,
  started: Result<RunningGateway, string>,
  demo: Demo | null,
): Promise<void> {
  if (!started.ok) return failed(io, started.error);
  const gateway = started.value;
  const stopped = new Promise<void>((resolve) => {
    let stopping = false;
    const stop = (): void => {
      if (stopping) return gateway.cut();
      stopping = true;
      io.err('stopping: calls under way may end, new ones are refused; a second signal ends them');
      void (demo?.close() ?? gateway.stop()).then(resolve);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  // Whoever read the banner, such as `head`, may have read enough: a gateway does not end with that.
  process.stdout.on('error', () => undefined);
  for (const line of banner(gateway, demo)) io.out(line);
  await stopped;
  process.exit(exitCodes.done);
}

function banner(gateway: RunningGateway, demo: Demo | null): readonly string[] {
  const lines = [
    '',
    `  Portcullis is ready at ${gateway.url}`,
    '',
    `  servers   ${gateway.servers.join(', ') || 'none yet'}`,
    `  console   ${gateway.url}/   (operator key in ${gateway.keyPath})`,
    '',
  ];
  if (gateway.welcomeUrl !== null) {
    lines.push('  Make the first account by this link, which works once:', '');
    lines.push(`    ${gateway.welcomeUrl}`, '');
  }
  if (demo === null) {
    const data = dirname(gateway.keyPath);
    const where = data === resolve('data') ? '' : ` --data ${data}`;
    const call = `grant create NAME --principal agent:NAME --server SERVER --policy POLICY${where}`;
    return [...lines, `  make a grant: npx portcullis ${call}`, ''];
  }
  const client = {
    mcpServers: {
      portcullis: {
        type: 'http',
        url: `${gateway.url}/mcp`,
        headers: { Authorization: `Bearer ${demo.token}` },
      },
    },
  };
  return [
    ...lines,
    '  The demo grant, for every server above:',
    '',
    `    ${demo.token}`,
    '',
    '  Client configuration, ready to paste:',
    '',
    ...JSON.stringify(client, null, 2)
      .split('\n')
      .map((line) => `    ${line}`),
    '',
    '  A first call (a calendar is searched; the policy allows it):',
    '',
    ...curl(gateway.url, demo.token),
    '',
    `  Its configuration is in ${demo.configPath}: copy it to begin your own.`,
    '',
  ];
}

/** One self-contained call of revision 2026-07-28. */
function curl(url: string, token: string): readonly string[] {
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
      },
      name: 'calendar.search',
      arguments: { query: 'review', start: '2026-01-01', end: '2030-01-01' },
    },
  };
  return [
    `    curl -s ${url}/s/orchard/mcp -H 'Authorization: Bearer ${token}' \\`,
    "      -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \\",
    "      -H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/call' -H 'Mcp-Name: calendar.search' \\",
    `      -d '${JSON.stringify(body)}'`,
  ];
}

async function defaultConfig(): Promise<string | null> {
  try {
    await access('portcullis.json');
    return 'portcullis.json';
  } catch {
    return null;
  }
}

function portOf(text: string): number | null {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : -1;
  return port >= 0 && port <= 65_535 ? port : null;
}

function failed(io: Io, message: string): void {
  io.err(`portcullis: ${message}`);
  process.exitCode = exitCodes.failed;
}
