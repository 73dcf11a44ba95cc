import { resolve } from 'node:path';

import type { Command } from 'commander';

import type { Result } from '../../base/result.ts';
import { backUp, restore, type BackupManifest, type BackupProblem } from '../../main/backups.ts';
import { sayFailed, type Io } from '../io.ts';

interface BackupOptions {
  readonly data: string;
  readonly json?: boolean;
}

/** `portcullis backup`: everything that a gateway keeps, as one folder. */
export function addBackupCommand(program: Command, io: Io, nowMs: () => number): void {
  program
    .command('backup <folder>')
    .description('copy grants, pins, policies, approvals, keys and records to a new folder')
    .option('--data <dir>', 'data folder; its gateway may run', './data')
    .option('--json', 'print JSON')
    .action(async (folder: string, options: BackupOptions) => {
      const made = await backUp(resolve(options.data), resolve(folder), nowMs());
      say(io, made, { options, done: `backed up to ${resolve(folder)}` });
    });
}

/** `portcullis restore`: what `backup` made, in a new data folder. */
export function addRestoreCommand(program: Command, io: Io): void {
  program
    .command('restore <folder>')
    .description('put a backup into a new data folder, after all of it was checked')
    .option('--data <dir>', 'data folder; it must be new or empty', './data')
    .option('--json', 'print JSON')
    .action(async (folder: string, options: BackupOptions) => {
      const made = await restore(resolve(folder), resolve(options.data));
      const next = `start it with \`portcullis up --data ${resolve(options.data)}\``;
      say(io, made, { options, done: `restored to ${resolve(options.data)}; ${next}` });
    });
}

function say(
  io: Io,
  made: Result<BackupManifest, BackupProblem>,
  { options, done }: { readonly options: BackupOptions; readonly done: string },
): void {
  if (!made.ok) {
    const { code } = made.error;
    return sayFailed(io, { code, message: sentences[code](made.error) }, options.json === true);
  }
  const { head, files } = made.value;
  if (options.json === true) {
    io.out(JSON.stringify({ head, files: files.length }));
    return;
  }
  io.out(done);
  if (head !== null) io.out(`  the last record is ${head.seq}, its hash ${head.hash}`);
  io.out('  it holds the keys of the installation: keep it as safe as the data folder');
}

const sentences: Readonly<Record<BackupProblem['code'], (problem: BackupProblem) => string>> = {
  'no-data': ({ path }) => `${path} holds no data of a gateway: name the data folder with --data`,
  'not-empty': ({ path }) => `${path} is not empty: name a folder that is new`,
  inside: ({ path }) => `${path} is inside the data folder: name a folder beside it`,
  'no-backup': ({ path }) => `${path} holds no backup: \`backup.json\` is missing or not one`,
  damaged: ({ path, detail }) =>
    `${path} is not as it was backed up${detail === '' ? '' : ` (${detail})`}: take another backup`,
  chain: ({ path, detail }) =>
    `the audit log in ${path} does not verify (${detail}): nothing was put in place`,
  failed: ({ path, detail }) =>
    `${path} could not be written (${detail}): remove what is there, and try again`,
};
