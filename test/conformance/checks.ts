import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Scenario to check to status to how often: what one run of the suite saw. */
export type Tally = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, number>>>;

/** A check that succeeds without the gateway more often than with it. */
export interface Loss {
  readonly scenario: string;
  readonly check: string;
  readonly direct: number;
  readonly through: number;
  /** What the run through the gateway says of it, or `absent`. */
  readonly instead: string;
}

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage: string;
}

/** Counts every check below the suite's folder of results; what is for information does not count. */
export function readTally(folder: string): Tally {
  const tally = new Map<string, Map<string, Map<string, number>>>();
  for (const file of globSync('**/checks.json', { cwd: folder }).sort()) {
    const scenario = scenarioOf(path.dirname(file));
    const checks = tally.get(scenario) ?? new Map<string, Map<string, number>>();
    tally.set(scenario, checks);
    for (const { id, status } of readChecks(path.join(folder, file))) {
      const statuses = checks.get(id) ?? new Map<string, number>();
      checks.set(id, statuses);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  }
  return tally;
}

/**
 * What the gateway lost. The suite's own line of passes hides losses: a warning and a check that
 * never came do not count there, so every check is compared by itself.
 */
export function lossesBetween(direct: Tally, through: Tally): readonly Loss[] {
  const losses: Loss[] = [];
  for (const [scenario, checks] of direct) {
    for (const [check, statuses] of checks) {
      const before = statuses.get('SUCCESS') ?? 0;
      const now = through.get(scenario)?.get(check);
      const after = now?.get('SUCCESS') ?? 0;
      if (after >= before) continue;
      const instead =
        now === undefined
          ? 'absent'
          : [...now].map(([status, count]) => `${status} ${count}`).join(', ');
      losses.push({ scenario, check, direct: before, through: after, instead });
    }
  }
  return losses;
}

/** How many checks succeeded, of how many. */
export function countOf(tally: Tally): { readonly succeeded: number; readonly all: number } {
  let succeeded = 0;
  let all = 0;
  for (const checks of tally.values()) {
    for (const statuses of checks.values()) {
      for (const [status, count] of statuses) {
        all += count;
        if (status === 'SUCCESS') succeeded += count;
      }
    }
  }
  return { succeeded, all };
}

/** What the suite said against a check, for a person who looks for the cause. */
export function messagesOf(folder: string, check: string): readonly string[] {
  return globSync('**/checks.json', { cwd: folder })
    .flatMap((file) => readChecks(path.join(folder, file)))
    .filter(
      ({ id, status, errorMessage }) => id === check && status !== 'SUCCESS' && errorMessage !== '',
    )
    .map(({ errorMessage }) => errorMessage.slice(0, 300));
}

/** `server-<scenario>-<time of the run>`, perhaps below folders that belong to the scenario's name. */
function scenarioOf(folder: string): string {
  return folder.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z?$/, '');
}

function readChecks(file: string): readonly Check[] {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!Array.isArray(parsed)) throw new Error(`\`${file}\` holds no list of checks`);
  return parsed.map((one) => checkOf(one, file)).filter(({ status }) => status !== 'INFO');
}

function checkOf(one: unknown, file: string): Check {
  const isCheck = typeof one === 'object' && one !== null && 'id' in one && 'status' in one;
  if (!isCheck) throw new Error(`\`${file}\` holds a check without id or status`);
  const said = 'errorMessage' in one ? one.errorMessage : '';
  const errorMessage = typeof said === 'string' ? said : '';
  return { id: String(one.id), status: String(one.status), errorMessage };
}
