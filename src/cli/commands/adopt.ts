import type { Command } from 'commander';

import { clients } from '../../clients/clients.ts';
import { differenceOf } from '../../clients/difference.ts';
import { carryOutAll } from '../adopt/carry-out.ts';
import { planFor, type Plan } from '../adopt/plan.ts';
import { gatewaysOf } from '../adopt/gateways.ts';
import {
  adoptFolder,
  currentSha256,
  putBack,
  readAdopted,
  writeAdopted,
  type Adopted,
} from '../adopt/state.ts';
import { findConfigurations } from '../clients/find.ts';
import { durationMs, exitCodes, jsonText, sayFailed, sayUsage, type Io } from '../io.ts';
import { printable } from '../scan/print.ts';

interface AdoptOptions {
  readonly client?: string;
  readonly server?: string;
  readonly yes?: boolean;
  readonly undo?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly timeout: string;
  readonly data: string;
}

/** `portcullis adopt`: puts the gateway between the MCP clients of this machine and their servers. */
export function addAdoptCommand(program: Command, io: Io): void {
  program
    .command('adopt')
    .description('put the gateway in front of the servers that MCP clients here start')
    .option('--client <id>', 'only this client, such as cursor or claude-desktop')
    .option('--server <name>', 'only servers of this name')
    .option('--yes', 'make the changes; without it they are only shown')
    .option('--undo', 'put every changed file back as it was, byte for byte')
    .option('--strict', 'hide from agents what the standard policy holds for approval')
    .option('--timeout <duration>', 'how long one server may take to list its tools', '60s')
    .option('--data <dir>', 'data folder of the gateway, if one runs', 'data')
    .option('--json', 'print one JSON value')
    .action((options: AdoptOptions) =>
      options.undo === true ? undo(io, options) : adopt(io, options),
    );
}

async function adopt(io: Io, options: AdoptOptions): Promise<void> {
  const json = options.json === true;
  const timeoutMs = durationMs(options.timeout);
  if (timeoutMs === null) {
    return sayUsage(
      io,
      `--timeout: \`${options.timeout}\` is no duration; write for example 60s`,
      json,
    );
  }
  const ids = clients.map(({ id }) => id);
  if (options.client !== undefined && !ids.includes(options.client)) {
    const message = `--client: no client is called \`${options.client}\`; name one of ${ids.join(', ')}`;
    return sayUsage(io, message, json);
  }
  const folder = adoptFolder();
  const adopted = readAdopted(folder);
  if (!adopted.ok) return sayFailed(io, { code: 'adopt', message: adopted.error }, json);
  const { configurations, problems } = findConfigurations();
  for (const problem of problems) io.err(printable(`portcullis: ${problem}`));
  const wanted = configurations.filter(
    ({ client, servers }) =>
      servers.length > 0 && (options.client === undefined || client.id === options.client),
  );
  const named = wanted.flatMap(({ servers }) => servers.map(({ name }) => name));
  if (options.server !== undefined && !named.includes(options.server)) {
    const others = named.length === 0 ? 'none is named' : `there are ${named.join(', ')}`;
    const message = `--server: no client names a server \`${options.server}\`; ${others}`;
    return sayUsage(io, message, json);
  }
  const plans: Plan[] = [];
  for (const found of wanted) {
    plans.push(
      await planFor(found, {
        folder,
        only: options.server ?? null,
        bounds: { timeoutMs, env: [], headers: [] },
        variant: options.strict === true ? 'strict' : 'standard',
        gateways: gatewaysOf(options.data),
      }),
    );
  }
  const changed = plans.filter(({ found, text }) => text !== found.text);
  if (!json) for (const plan of plans) for (const line of planLines(plan)) io.out(printable(line));
  const none = { done: 0, problems: [] };
  const { done, problems: left } =
    options.yes === true ? carryOutAll(changed, { folder, before: adopted.value }) : none;
  for (const problem of left) io.err(printable(`portcullis: ${problem}`));
  if (left.length > 0) process.exitCode = exitCodes.no;
  if (json) {
    const kept = { changed: options.yes === true, left, clients: plans.map(shown) };
    return io.out(jsonText(kept));
  }
  if (plans.length === 0) io.out('no MCP client on this machine names a server');
  else if (changed.length === 0) io.out('nothing is to be changed');
  else if (options.yes === true && done > 0)
    io.out(
      `${left.length === 0 ? 'done' : `${done} of ${changed.length} files are changed`}; restart the clients. \`portcullis adopt --undo\` puts everything back`,
    );
  else if (options.yes === true) io.out('nothing was changed');
  else io.out('nothing was changed yet: run it again with --yes');
}

function undo(io: Io, { json = false }: AdoptOptions): void {
  const folder = adoptFolder();
  const adopted = readAdopted(folder);
  if (!adopted.ok) return sayFailed(io, { code: 'adopt', message: adopted.error }, json);
  // A file that was changed several times goes back step by step, the last change first.
  const results = adopted.value.toReversed().map((one) => ({ one, problem: undoOne(one) }));
  const left = results.filter(({ problem }) => problem !== null).map(({ one }) => one);
  if (adopted.value.length > 0) writeAdopted(folder, left.toReversed());
  if (json) {
    const files = results.map(({ one, problem }) => ({
      path: one.path,
      restored: problem === null,
      problem,
    }));
    io.out(jsonText({ files }));
  } else {
    for (const { one, problem } of results) io.out(printable(problem ?? `put back: ${one.path}`));
    if (results.length === 0) io.out('nothing was adopted');
  }
  if (left.length > 0) process.exitCode = exitCodes.no;
}

/** Null when it was put back; a file that somebody changed since is not written over. */
function undoOne(one: Adopted): string | null {
  const now = currentSha256(one.path);
  if (now !== one.afterSha256 && now !== one.beforeSha256) {
    return `left alone: \`${one.path}\` was changed since; what stood there before is in \`${one.backup}\``;
  }
  const done = putBack(one);
  return done.ok ? null : done.error;
}

function planLines({ found, text, servers }: Plan): readonly string[] {
  return [
    `== ${found.client.name}: ${found.path}`,
    ...servers.map(({ name, change, detail }) => `${change.padEnd(12)} ${name}: ${detail}`),
    ...(text === found.text ? [] : differenceOf(found.text, text)),
    '',
  ];
}

function shown({ found, text, servers }: Plan) {
  const { client, path } = found;
  const difference = text === found.text ? [] : differenceOf(found.text, text);
  return { client: client.id, path, servers, difference };
}
