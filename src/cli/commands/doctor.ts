import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Command } from 'commander';

import { goesThrough } from '../../clients/between.ts';
import type { ClientServer } from '../../clients/client.ts';
import { environment } from '../../config/environment.ts';
import { openAuditFiles } from '../../main/audit-files.ts';
import { sendCanary, type CanaryOutcome } from '../../main/canary.ts';
import type { ServerConfig } from '../../registry/server.ts';
import { gatewaysOf } from '../adopt/gateways.ts';
import { findConfigurations } from '../clients/find.ts';
import { columns, exitCodes, jsonText, type Io } from '../io.ts';
import { printable } from '../scan/print.ts';

interface DoctorOptions {
  readonly data: string;
  readonly json?: boolean;
}

/** One server of one client, and whether the gateway stands before it. */
interface Examined {
  readonly client: string;
  readonly path: string;
  readonly server: string;
  readonly state: 'through' | 'around' | 'unreadable';
  /** What a call that nobody allows came to; null where none was made. */
  readonly canary: CanaryOutcome | null;
}

/** `portcullis doctor`: proves that denied is denied, and lists what goes around the gateway. */
export function addDoctorCommand(program: Command, io: Io): void {
  program
    .command('doctor')
    .description('check that the clients of this machine reach their servers through the gateway')
    .option('--data <dir>', 'data folder of the gateway, if one runs', 'data')
    .option('--json', 'print one JSON value')
    .action((options: DoctorOptions) => doctor(io, options));
}

async function doctor(io: Io, { data, json = false }: DoctorOptions): Promise<void> {
  const gateways = gatewaysOf(data);
  const { configurations, problems } = findConfigurations();
  const examined: Examined[] = [];
  for (const { client, path, servers } of configurations) {
    for (const server of servers) {
      const found = { client: client.name, path, server: server.name };
      examined.push({ ...found, ...(await examine(server, gateways, data)) });
    }
  }
  const wrong = examined.filter(
    ({ state, canary }) => state !== 'through' || canary?.kind !== 'denied',
  );
  if (json) io.out(jsonText({ servers: examined, problems }));
  else {
    for (const problem of problems) io.err(printable(`portcullis: ${problem}`));
    for (const line of linesOf(examined)) io.out(printable(line));
    if (examined.length === 0) io.out('no MCP client on this machine names a server');
    else if (wrong.length === 0)
      io.out('every server is behind the gateway, and denied calls are denied');
    else io.out('`portcullis adopt` puts the gateway in front of servers that are started here');
  }
  if (wrong.length > 0 || problems.length > 0) process.exitCode = exitCodes.no;
}

async function examine(
  { name, entry }: ClientServer,
  gateways: readonly string[],
  data: string,
): Promise<Pick<Examined, 'state' | 'canary'>> {
  if (entry.transport === 'other') return { state: 'unreadable', canary: null };
  if (!goesThrough(entry, gateways)) return { state: 'around', canary: null };
  if (entry.transport === 'http') {
    const { url, headers } = entry;
    const config: ServerConfig = { name, transport: 'http', url, headers, allowPrivate: true };
    const canary = await sendCanary(config, environment(), openAuditFiles(data));
    return { state: 'through', canary };
  }
  // A log of its own: the canary takes no turn of the client's, and its record is easily found.
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-doctor-'));
  const { command, args, env, cwd } = entry;
  const own = withAudit(args, folder);
  const config: ServerConfig = { name, transport: 'stdio', command, args: own, env, cwd };
  const canary = await sendCanary(config, environment(), openAuditFiles(folder));
  rmSync(folder, { recursive: true, force: true });
  return { state: 'through', canary };
}

/** The arguments of `run` with another folder for its log. */
function withAudit(args: readonly string[], folder: string): readonly string[] {
  const run = args.indexOf('run');
  const end = args.indexOf('--', run);
  const at = args.indexOf('--audit', run);
  const named = at > run && (end < 0 || at < end);
  return named ? args.toSpliced(at + 1, 1, folder) : args.toSpliced(run + 1, 0, '--audit', folder);
}

function linesOf(examined: readonly Examined[]): readonly string[] {
  const rows = examined.map(({ client, server, state, canary }) => [
    client,
    server,
    state === 'through'
      ? 'through the gateway'
      : state === 'around'
        ? 'AROUND the gateway'
        : 'unreadable',
    canaryText(canary),
  ]);
  return columns([['CLIENT', 'SERVER', 'REACHED', 'A CALL THAT NOBODY ALLOWS'], ...rows]);
}

function canaryText(canary: CanaryOutcome | null): string {
  if (canary === null) return '-';
  switch (canary.kind) {
    case 'denied':
      return 'denied, as it must be';
    case 'not-denied':
      return `NOT DENIED: ${canary.said.slice(0, 80)}`;
    case 'failed':
      return `could not be made: ${canary.why.slice(0, 120)}`;
  }
}
