import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isObject, jsonOf, objectsOf, textOf } from '../attacks/json.ts';
import type { OpenStage, Stage, StageOptions } from '../attacks/stage.ts';
import { explainConfigProblem, loadConfig } from '../config.ts';
import { silentLog } from '../base/log.ts';
import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { hashToken, newToken } from '../identity/token.ts';
import { startGateway, type RunningGateway } from '../main.ts';

/** A gateway of its own for one run of an attack: the real one, in this process, on a free port. */
export const openAttackStage: OpenStage = async (options) => {
  const tokens = new Map(options.agents.map((agent) => [agent, newToken()]));
  let visit = 0;
  const start = async (): Promise<{ gateway: RunningGateway; key: string }> => {
    visit += 1;
    const dataDir = join(options.folder, `data-${visit}`);
    await mkdir(dataDir, { recursive: true });
    const gateway = await startOne(options, tokens, dataDir);
    return { gateway, key: (await readFile(gateway.keyPath, 'utf8')).trim() };
  };
  let { gateway, key } = await start();
  const stage: Stage & { operatorKey: string } = {
    operatorKey: key,
    endpoint: (server, agent) =>
      Object.hasOwn(options.servers, server)
        ? { url: `${gateway.url}/s/${server}/mcp`, token: tokens.get(agent) ?? null }
        : null,
    base: () => gateway.url,
    approve: (containing) => approveHeld(gateway, key, containing),
    forget: async () => {
      await stop(gateway);
      ({ gateway, key } = await start());
      stage.operatorKey = key;
      await acceptAll(gateway, key);
    },
    close: () => stop(gateway),
  };
  return stage;
};

async function stop(gateway: RunningGateway): Promise<void> {
  const stopped = gateway.stop();
  gateway.cut();
  await stopped;
}

async function startOne(
  options: StageOptions,
  tokens: ReadonlyMap<string, string>,
  dataDir: string,
): Promise<RunningGateway> {
  const configPath = join(dataDir, 'portcullis.json');
  await writeFile(configPath, JSON.stringify(fileOf(options, tokens)));
  const loaded = await loadConfig(configPath, {});
  if (!loaded.ok) throw new Error(loaded.error.map(explainConfigProblem).join('; '));
  const started = await startGateway({
    config: loaded.value,
    configPath: null,
    dataDir,
    host: '127.0.0.1',
    port: 0,
    environment: {},
    version: '0.0.0',
    log: silentLog,
  });
  if (!started.ok) throw new Error(started.error);
  await started.value.toolsRead;
  return started.value;
}

function fileOf(options: StageOptions, tokens: ReadonlyMap<string, string>): object {
  const servers: Record<string, object> = {};
  for (const [name, server] of Object.entries(options.servers)) {
    servers[name] = 'url' in server ? { ...server, allowPrivate: true } : server;
  }
  const grants: Record<string, object> = {};
  for (const [agent, token] of tokens) {
    grants[agent] = {
      principal: `agent:${agent}`,
      servers: Object.keys(options.servers),
      policy: 'tried',
      ...(options.methods === null ? {} : { methods: options.methods }),
      token: { sha256: hashToken(token) },
    };
  }
  return {
    // Whoever waits for a person is told so at once: the agent of a replay has nothing else to do.
    approvals: { holdSeconds: 0 },
    servers,
    policies: { tried: options.policy },
    grants,
  };
}

/** The operator who accepts everything without a look, by the same door as any other operator. */
async function acceptAll(gateway: RunningGateway, key: string): Promise<void> {
  for (const server of gateway.servers) {
    await ask(gateway, key, `/api/v1/servers/${server}/pins/accept`, { tools: null });
  }
}

/** The person who reads what a call holds, and allows it. */
async function approveHeld(
  gateway: RunningGateway,
  key: string,
  containing: string,
): Promise<void> {
  const listed = await ask(gateway, key, '/api/v1/approvals', null);
  for (const approval of isObject(listed) ? objectsOf(listed, 'approvals') : []) {
    const path = `/api/v1/approvals/${textOf(approval, 'id')}`;
    const shown = await ask(gateway, key, path, null);
    if (!isObject(shown) || !textOf(shown, 'shown').includes(containing)) continue;
    await ask(gateway, key, `${path}/allow`, {});
  }
}

/** One request to the control API, as the operator; the answer's value. */
async function ask(
  gateway: RunningGateway,
  key: string,
  path: string,
  body: JsonObject | null,
): Promise<JsonValue | undefined> {
  const answer = await fetch(`${gateway.url}${path}`, {
    method: body === null ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  return jsonOf(await answer.text());
}
