import type { Command } from 'commander';

import { openAuditFiles, systemClock } from '../../main.ts';
import type { Io } from '../io.ts';
import { addAdoptCommand } from './adopt.ts';
import { addApproveCommands } from './approve.ts';
import { addAttackCommands } from './attack.ts';
import { addAuditCommands } from './audit.ts';
import { addBackupCommands } from './backup.ts';
import { addCatalogueCommands } from './catalogue.ts';
import { addDoctorCommand } from './doctor.ts';
import { addGrantCommands } from './grant.ts';
import { addPinCommands } from './pin.ts';
import { addPolicyCommands } from './policy.ts';
import { addScanCommand } from './scan.ts';
import { addStopCommand } from './stop.ts';

/** Every command but those that serve. */
export function addOtherCommands(program: Command, io: Io, version: string): void {
  const nowMs = (): number => systemClock.nowMs();
  addGrantCommands(program, io, nowMs);
  addPinCommands(program, io);
  addCatalogueCommands(program, io, nowMs);
  addAdoptCommand(program, io);
  addDoctorCommand(program, io);
  addScanCommand(program, io, version);
  addStopCommand(program, io);
  addApproveCommands(program, io, nowMs);
  addAttackCommands(program, { io, nowMs, version });
  addBackupCommands(program, io, nowMs);
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  // Whoever read the output, such as `head`, has read enough: what goes on without an end ends.
  process.stdout.on('error', () => interrupted.abort());
  const { signal } = interrupted;
  addAuditCommands(program, { open: openAuditFiles, io, nowMs, signal });
  addPolicyCommands(program, { open: openAuditFiles, io, nowMs, signal });
}
