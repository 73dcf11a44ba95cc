import type { Command } from 'commander';

import { systemClock } from '../../main/clock.ts';
import { terminalAsk } from '../ask.ts';
import { connectControl } from '../control-client.ts';
import type { Io } from '../io.ts';

/** What commands are made with. */
export interface CommandParts {
  readonly io: Io;
  /** The program's own. */
  readonly version: string;
  /** Aborted when whoever asked has seen enough: what goes on without an end ends. */
  readonly signal: AbortSignal;
}

const nowMs = (): number => systemClock.nowMs();

type Add = (program: Command, parts: CommandParts) => Promise<void>;

/** Every command by its first word; a module is loaded when its command is called. */
const commands: Readonly<Record<string, Add>> = {
  up: async (program, { io, version }) => {
    const { addUpCommand } = await import('./up.ts');
    addUpCommand(program, io, version);
  },
  run: async (program, { io }) => {
    const { addRunCommand } = await import('./run.ts');
    addRunCommand(program, io);
  },
  grant: async (program, { io }) => {
    const { addGrantCommands } = await import('./grant.ts');
    addGrantCommands(program, io, nowMs);
  },
  pin: async (program, { io }) => {
    const { addPinCommands } = await import('./pin.ts');
    addPinCommands(program, { io, ask: terminalAsk(), connect: connectControl });
  },
  catalogue: async (program, { io }) => {
    const { addCatalogueCommands } = await import('./catalogue.ts');
    addCatalogueCommands(program, io, nowMs);
  },
  adopt: async (program, { io }) => {
    const { addAdoptCommand } = await import('./adopt.ts');
    addAdoptCommand(program, io);
  },
  doctor: async (program, { io }) => {
    const { addDoctorCommand } = await import('./doctor.ts');
    addDoctorCommand(program, io);
  },
  scan: async (program, { io, version }) => {
    const { addScanCommand } = await import('./scan.ts');
    addScanCommand(program, io, version);
  },
  stop: async (program, { io }) => {
    const { addStopCommand } = await import('./stop.ts');
    addStopCommand(program, io);
  },
  approve: async (program, { io }) => {
    const { addApproveCommands } = await import('./approve.ts');
    addApproveCommands(program, io, nowMs);
  },
  attack: async (program, parts) => {
    const { addAttackCommands } = await import('./attack.ts');
    addAttackCommands(program, { ...parts, nowMs });
  },
  backup: async (program, { io }) => {
    const { addBackupCommand } = await import('./backup.ts');
    addBackupCommand(program, io, nowMs);
  },
  restore: async (program, { io }) => {
    const { addRestoreCommand } = await import('./backup.ts');
    addRestoreCommand(program, io);
  },
  audit: async (program, parts) => {
    const { addAuditCommands } = await import('./audit.ts');
    const { openAuditFiles } = await import('../../main/audit-files.ts');
    addAuditCommands(program, { ...parts, nowMs, open: openAuditFiles });
  },
  policy: async (program, parts) => {
    const { addPolicyCommands } = await import('./policy.ts');
    const { openAuditFiles } = await import('../../main/audit-files.ts');
    addPolicyCommands(program, { ...parts, nowMs, open: openAuditFiles });
  },
};

/** Adds the command that `word` calls; all of them where it calls none, so that help is whole. */
export async function addCommands(
  program: Command,
  word: string | undefined,
  parts: CommandParts,
): Promise<void> {
  const called = Object.entries(commands).filter(([name]) => name === word);
  for (const [, add] of called.length > 0 ? called : Object.entries(commands)) {
    await add(program, parts);
  }
}
