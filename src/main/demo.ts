import { createHmac } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { demoConfig } from '../demo/config.ts';
import { startDemoServers } from '../demo/start.ts';
import { hashToken, tokenOf } from '../identity/token.ts';
import { catalogueUrl } from './registry-server.ts';
import { operatorKey } from './run-file.ts';

/** The demo's servers, running, and the operator's file that registers them. */
export interface PreparedDemo {
  readonly configPath: string;
  /** The demo grant's token: the same at every start, and stored nowhere. */
  readonly token: string;
  close(): Promise<void>;
}

const welcome = 'This folder is what the demo lets an agent see.\n';
const todo =
  '- read the policy of this server: policies/filesystem.json\n- try to leave this folder\n';

/** Starts the demo's servers and writes its configuration into the data folder. */
export async function prepareDemo(dataDir: string): Promise<PreparedDemo> {
  const { key } = await operatorKey(dataDir);
  const token = tokenOf(createHmac('sha256', key).update('demo grant').digest());
  const filesDir = resolve(dataDir, 'demo', 'files');
  await mkdir(filesDir, { recursive: true });
  await writeFile(join(filesDir, 'welcome.txt'), welcome);
  await writeFile(join(filesDir, 'todo.md'), todo);
  const policiesDir = fileURLToPath(new URL('../../policies', import.meta.url));
  const filesPolicy = resolve(dataDir, 'demo', 'files-policy.json');
  const ready = await readFile(join(policiesDir, 'filesystem.json'), 'utf8');
  await writeFile(
    filesPolicy,
    ready.replaceAll('/srv/shared', JSON.stringify(filesDir).slice(1, -1)),
  );
  const servers = await startDemoServers();
  const config = demoConfig({
    servers: servers.servers,
    policiesDir,
    filesPolicy,
    filesDir,
    node: process.execPath,
    filesystemServer: filesystemServer(),
    catalogueUrl,
    tokenSha256: hashToken(token),
  });
  const configPath = resolve(dataDir, 'demo', 'portcullis.json');
  await writeFile(configPath, `${JSON.stringify(config, null, 2)}\n`);
  return { configPath, token, close: () => servers.close() };
}

/** The real filesystem server comes with a checkout; the published package does without it. */
function filesystemServer(): string | null {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve('@modelcontextprotocol/server-filesystem/package.json');
    return join(dirname(manifest), 'dist', 'index.js');
  } catch {
    return null;
  }
}
