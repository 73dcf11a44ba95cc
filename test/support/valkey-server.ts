import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from './data-path.ts';
import type { Scope } from './scope.ts';
import { until } from './until.ts';

/** A store of one test's own. */
export interface ValkeyServer {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

/** The program of the store, or null where this machine has none. */
export const valkeyProgram: string | null =
  ['valkey-server', 'redis-server'].find((name) => spawnSync(name, ['--version']).status === 0) ??
  null;

/** Why tests that need the store are skipped; false where it is there. */
export const withoutValkey: string | false =
  valkeyProgram === null ? 'neither valkey-server nor redis-server is installed' : false;

/** Starts a store on a free port, which keeps nothing on the disk; gone when `scope` is over. */
export async function startValkey(scope: Scope): Promise<ValkeyServer> {
  if (valkeyProgram === null) throw new Error('there is no store to start');
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-valkey-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const child = spawn(valkeyProgram, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const close = async (): Promise<void> => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  scope.after(close);
  await until('the store listens', () => accepts(port));
  return {
    url: `redis://127.0.0.1:${port}`,
    // A process that listens has an id.
    pid: child.pid as number,
    close,
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
