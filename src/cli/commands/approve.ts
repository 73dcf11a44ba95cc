import type { Command } from 'commander';

import type {
  ApprovalDetail,
  ApprovalList,
  ApprovalView,
  StandingView,
} from '../../control/approval-view.ts';
import { visible } from '../../control/approval-view.ts';
import { columns, durationMs, sayUsage, type Io } from '../io.ts';
import { withControl } from './grant.ts';

interface ApproveOptions {
  readonly data: string;
  readonly json?: boolean;
}

interface AllowOptions extends ApproveOptions {
  readonly comment?: string;
  readonly for?: string;
  readonly same?: readonly string[];
}

interface DenyOptions extends ApproveOptions {
  readonly comment?: string;
  readonly group?: boolean;
}

const root = '/api/v1/approvals';

/** `portcullis approve list | show | allow | deny | standing`: calls that wait for a person. */
export function addApproveCommands(program: Command, io: Io, nowMs: () => number): void {
  const approve = program.command('approve').description('calls that wait for a person');
  common(approve.command('list').description('what waits, oldest first')).action(
    (options: ApproveOptions) =>
      withControl(
        io,
        options,
        (control) => control.get(root),
        // The API answers this route with a list.
        (answer) => showList(answer as ApprovalList, nowMs()).map(visible),
      ),
  );
  common(
    approve.command('show <id>').description('what will run, exactly, and what is different'),
  ).action((id: string, options: ApproveOptions) =>
    withControl(
      io,
      options,
      (control) => control.get(`${root}/${encodeURIComponent(id)}`),
      // The API answers this route with a detail.
      (answer) => showDetail(answer as ApprovalDetail, nowMs()).map(visible),
    ),
  );
  common(approve.command('allow <id>').description('let this one call through, once'))
    .option('--comment <text>', 'why; it goes on record')
    .option('--for <duration>', 'also every call of this shape for a while, such as 30m')
    .option('--same <name...>', 'with --for: only these arguments must stay the same')
    .action((id: string, options: AllowOptions) => allow(io, id, options));
  common(approve.command('deny <id>').description('refuse it; a denial wins over any yes'))
    .option('--comment <text>', 'why; the agent reads it')
    .option('--group', 'refuse everything that waits of the same grant, tool and arguments')
    .action((id: string, options: DenyOptions) => deny(io, id, options));
  addStanding(approve, io, nowMs);
}

function addStanding(approve: Command, io: Io, nowMs: () => number): void {
  const standing = approve.command('standing').description('approvals that stand for a while');
  common(standing.command('list').description('every one that stands')).action(
    (options: ApproveOptions) =>
      withControl(
        io,
        options,
        (control) => control.get(`${root}/standing`),
        // The API answers this route with standing approvals.
        (answer) => showStandings(answer as readonly StandingView[], nowMs()).map(visible),
      ),
  );
  common(standing.command('revoke <id>').description('end one: its next call is held')).action(
    (id: string, options: ApproveOptions) =>
      withControl(
        io,
        options,
        (control) =>
          control.post(`${root}/standing/${encodeURIComponent(id)}/revoke`, { via: 'cli' }),
        () => [`revoked \`${id}\`: the next call of its shape waits for a person`],
      ),
  );
}

async function allow(io: Io, id: string, options: AllowOptions): Promise<void> {
  const forMs = options.for === undefined ? null : durationMs(options.for);
  if (options.for !== undefined && forMs === null) {
    const message = `--for: \`${options.for}\` is no duration; write 90s, 30m or 8h`;
    return sayUsage(io, message, options.json === true);
  }
  if (options.same !== undefined && forMs === null) {
    return sayUsage(
      io,
      '--same: says what a standing approval binds; add --for',
      options.json === true,
    );
  }
  const standing = forMs === null ? null : { forMs, same: options.same ?? null };
  await withControl(
    io,
    options,
    (control) =>
      control.post(`${root}/${encodeURIComponent(id)}/allow`, {
        via: 'cli',
        comment: options.comment ?? null,
        standing,
      }),
    (answer) => {
      // The API answers this route with a view.
      const { server, tool, state, waiting } = answer as ApprovalView;
      if (state === 'pending') return ['counted; others must say yes as well'];
      const next = waiting > 0 ? 'it runs now' : 'it runs when its client calls again';
      return [`allowed \`${tool}\` on \`${server}\`, once: ${next}`];
    },
  );
}

function deny(io: Io, id: string, options: DenyOptions): Promise<void> {
  return withControl(
    io,
    options,
    (control) =>
      control.post(`${root}/${encodeURIComponent(id)}/deny`, {
        via: 'cli',
        comment: options.comment ?? null,
        group: options.group === true,
      }),
    // The API answers this route with views.
    (answer) => [`denied ${(answer as readonly ApprovalView[]).length}: nothing was run`],
  );
}

function common(command: Command): Command {
  return command
    .option('--data <dir>', 'data folder of the running gateway', './data')
    .option('--json', 'print JSON');
}

function showList({ approvals, groups }: ApprovalList, nowMs: number): readonly string[] {
  if (approvals.length === 0) return ['nothing waits for a person'];
  const rows = approvals.map((one) => [
    one.id,
    one.state,
    one.grant.label,
    `${one.server}/${one.tool}`,
    one.argumentNames.join(' '),
    one.waiting > 0 ? 'yes' : 'no',
    inWords(one.expiresMs - nowMs),
  ]);
  const table = columns([
    ['ID', 'STATE', 'GRANT', 'TOOL', 'ARGUMENTS', 'WAITING', 'LEFT'],
    ...rows,
  ]);
  const large = groups.filter((group) => group.count > 3);
  const many = large.map(
    ({ count, grant, server, tool }) =>
      `${count} of \`${server}/${tool}\` by \`${grant.label}\`: \`portcullis approve deny ID --group\` refuses all of one kind`,
  );
  return [...table, ...many];
}

function showDetail(one: ApprovalDetail, nowMs: number): readonly string[] {
  const rows = [
    ['id', one.id],
    ['state', one.reason === null ? one.state : `${one.state} (${one.reason})`],
    ['who', `${one.principal}, by the grant \`${one.grant.label}\``],
    ['tool', `${one.server}/${one.tool}`],
    ['policy', `${one.policy ?? '-'}, version ${one.policyVersion ?? '-'}`],
    ...one.needs.map(({ rule, reason, approvers, quorum, given }) => [
      'asked by',
      `${rule}${reason === null ? '' : ` (${reason})`}: ${given} of ${quorum}${approvers.length === 0 ? '' : ` of ${approvers.join(', ')}`}`,
    ]),
    ...one.votes.map(({ by, answer, comment }) => [
      answer,
      `${by}${comment === null ? '' : `: ${comment}`}`,
    ]),
    ['left', inWords(one.expiresMs - nowMs)],
  ];
  const args =
    one.shown === null ? ['(forgotten)'] : one.shown === '' ? ['(none)'] : one.shown.split('\n');
  const notes = one.notes.map((note) => `note: it ${note}`);
  return [...columns(rows), '', 'arguments, exactly:', ...args, ...notes, ...showChanges(one)];
}

function showChanges({ changes }: ApprovalDetail): readonly string[] {
  if (changes === null) return ['', 'no call of this grant to this tool was approved before'];
  const since = new Date(changes.sinceMs).toISOString();
  const differ = changes.arguments?.map(({ name, change, before, after }) =>
    [
      `  ${name} ${change}`,
      before === null ? '' : `from ${before}`,
      after === null ? '' : `to ${after}`,
    ]
      .filter((part) => part !== '')
      .join(' '),
  );
  return [
    '',
    `since the last approved call, ${since}:`,
    ...(differ ?? ['  its arguments were forgotten']),
    ...(differ?.length === 0 ? ['  the same arguments'] : []),
    ...(changes.definition ? ['  the definition of the tool changed'] : []),
    ...(changes.policy ? ['  the policy changed'] : []),
  ];
}

function showStandings(standings: readonly StandingView[], nowMs: number): readonly string[] {
  if (standings.length === 0) return ['no approval stands'];
  const rows = standings.map((one) => [
    one.id,
    one.grantLabel,
    `${one.server}/${one.tool}`,
    one.match === 'exact' ? 'these arguments' : `any with ${one.shown}`,
    one.givenBy,
    String(one.uses),
    inWords(one.expiresMs - nowMs),
  ]);
  return columns([['ID', 'GRANT', 'TOOL', 'COVERS', 'GIVEN BY', 'USED', 'LEFT'], ...rows]);
}

function inWords(ms: number): string {
  if (ms <= 0) return 'none';
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
