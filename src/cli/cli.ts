import { readFileSync } from 'node:fs';

import { Command, CommanderError } from 'commander';

import { openAuditFiles, systemClock } from '../main.ts';
import { addApproveCommands } from './commands/approve.ts';
import { addAttackCommands } from './commands/attack.ts';
import { addAdoptCommand } from './commands/adopt.ts';
import { addAuditCommands } from './commands/audit.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addCatalogueCommands } from './commands/catalogue.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addGrantCommands } from './commands/grant.ts';
import { addPinCommands } from './commands/pin.ts';
import { addPolicyCommands } from './commands/policy.ts';
import { addRunCommand } from './commands/run.ts';
import { addScanCommand } from './commands/scan.ts';
import { addStopCommand } from './commands/stop.ts';
import { addUpCommand } from './commands/up.ts';
import { exitCodes, terminal } from './io.ts';

const program = new Command('portcullis')
  .description('checks every call of an agent to an MCP server against a policy, before it is made')
  .version(packageVersion())
  .enablePositionalOptions()
  .configureOutput({ outputError: (text, write) => write(oneLine(text)) })
  .exitOverride();

addUpCommand(program, terminal, packageVersion());
addRunCommand(program, terminal);
addGrantCommands(program, terminal, () => systemClock.nowMs());
addPinCommands(program, terminal);
addCatalogueCommands(program, terminal, () => systemClock.nowMs());
addAdoptCommand(program, terminal);
addDoctorCommand(program, terminal);
addScanCommand(program, terminal, packageVersion());
addStopCommand(program, terminal);
addApproveCommands(program, terminal, () => systemClock.nowMs());
addAttackCommands(program, {
  io: terminal,
  nowMs: () => systemClock.nowMs(),
  version: packageVersion(),
});
addBackupCommands(program, terminal, () => systemClock.nowMs());
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
// Whoever read the output, such as `head`, has read enough: what goes on without an end ends.
process.stdout.on('error', () => interrupted.abort());
addAuditCommands(program, {
  open: openAuditFiles,
  io: terminal,
  nowMs: () => systemClock.nowMs(),
  signal: interrupted.signal,
});
addPolicyCommands(program, {
  open: openAuditFiles,
  io: terminal,
  nowMs: () => systemClock.nowMs(),
  signal: interrupted.signal,
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.failed;
}

/** What is wrong with the command line, said as everything else that cannot be carried out. */
function oneLine(text: string): string {
  const [first = '', ...more] = text.trim().split('\n');
  const said = [first.replace(/^error: /, ''), ...more].join(' ').replace(/\.$/, '');
  return `portcullis: ${said}; see --help\n`;
}

/** The version of the package that this file belongs to, in a checkout and when published. */
function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const version =
    typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : null;
  return typeof version === 'string' ? version : '0.0.0';
}
