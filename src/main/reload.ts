import { basename } from 'node:path';

import type { AuditLog } from '../audit/audit-log.ts';
import { newId } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import { explainConfigProblem, loadConfig, watchConfig, type Config } from '../config.ts';
import { environment } from '../config/environment.ts';
import { explainRegistryProblem } from '../registry/problem.ts';
import type { Registry } from '../registry/registry.ts';
import type { ApprovalDesk } from './approval-desk.ts';
import { systemClock } from './clock.ts';
import { configDifference, readAtStart, sameConfig } from './config-difference.ts';
import type { Telemetry } from './keeping.ts';

/** What a change of the operator's file reaches. */
export interface ReloadParts {
  readonly registry: Registry;
  readonly audit: AuditLog;
  readonly log: Log;
  readonly telemetry: Pick<Telemetry, 'configRead'>;
  readonly desk: Pick<ApprovalDesk, 'configure'>;
}

/**
 * Puts an edited file in force: its servers, policies, guardrails and grants. A file that cannot be
 * in force changes nothing and says why. Where the port listens, where the data lies and the bounds
 * of the data path are read at the start alone.
 */
export function reloadOnChange(path: string, first: Config, parts: ReloadParts): () => void {
  const watch = watchConfig(path, first.files, () => void reload());
  let last: Promise<void> = Promise.resolve();
  let inForce = first;
  const reload = (): Promise<void> => (last = last.then(() => reloadOnce()));
  const reloadOnce = async (): Promise<void> => {
    const { registry, audit, log, telemetry } = parts;
    const loaded = await loadConfig(path, environment());
    const problems = loaded.ok
      ? await applied(registry, loaded.value)
      : loaded.error.map(explainConfigProblem);
    if (loaded.ok) watch.setFiles(loaded.value.files);
    if (loaded.ok && problems.length === 0) parts.desk.configure(loaded.value.approvals);
    for (const problem of problems)
      log.error('the edited configuration is not in force', { problem });
    if (problems.length === 0) log.info('the edited configuration is in force');
    const waiting = loaded.ok && problems.length === 0 ? readAtStart(first, loaded.value) : [];
    if (waiting.length > 0) {
      log.warn('edited sections wait for the next start', { sections: waiting.join(', ') });
    }
    telemetry.configRead(problems);
    const time = systemClock.nowMs();
    const detail = { inForce: problems.length === 0, problems: problems.length };
    await audit.append({ kind: 'system', id: newId('sys_'), time, event: 'config', detail });
    if (problems.length > 0 || !loaded.ok) return;
    const difference = configDifference(inForce, loaded.value);
    inForce = loaded.value;
    const change = { actor: 'file', action: 'config.apply', subject: basename(path) };
    await audit.append({ kind: 'admin', id: newId('adm_'), time, ...change, detail: difference });
  };
  // Between the first reading and the first look of the watch the file may have been edited.
  void watch.ready.then(async () => {
    const now = await loadConfig(path, environment());
    if (!now.ok || !sameConfig(now.value, first)) await reload();
  });
  return () => watch.close();
}

async function applied(registry: Registry, config: Config): Promise<readonly string[]> {
  const result = await registry.applyConfig(config);
  return result.ok ? [] : result.error.map(explainRegistryProblem);
}
