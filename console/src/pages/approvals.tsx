import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';

import { reading, sessionQuery, useChange, type Approval } from '../api/queries.ts';
import {
  Badge,
  Button,
  classes,
  Empty,
  Field,
  Foreign,
  Heading,
  Input,
  Panel,
  Problem,
} from '../ui/kit.tsx';
import { distance, moment } from '../ui/time.ts';

const standMs = 30 * 60_000;

/** Calls that wait for a person: what would run, exactly, and yes or no. */
export function Approvals(): ReactNode {
  const list = useQuery({ ...reading('listApprovals'), refetchInterval: 2_000 });
  const recent =
    useQuery({ ...reading('recentApprovals', { query: { count: 20 } }), refetchInterval: 10_000 })
      .data ?? [];
  const role = useQuery(sessionQuery).data?.user?.role;
  const answers = role === 'admin' || role === 'approver';
  const open = list.data?.approvals ?? [];
  const [chosen, choose] = useState<string | null>(null);
  const selected = open.find(({ id }) => id === chosen) ?? open[0] ?? null;
  useNotifications(open);
  return (
    <>
      <Heading
        title="Approvals"
        lead="Held calls, oldest first. What you see is what runs: an answer binds to exactly these arguments, once."
        actions={<Notify />}
      />
      <Problem error={list.error} />
      {open.length === 0 ? (
        <Panel>
          <Empty title="Nothing waits">
            A rule with Ask holds its calls here until somebody says yes. Keep this page open: new
            ones appear by themselves.
          </Empty>
        </Panel>
      ) : (
        <div className="grid gap-4 lg:grid-cols-[20rem_1fr]">
          <Panel title={`${open.length} waiting`}>
            <ul className="max-h-[70vh] divide-y divide-line overflow-y-auto">
              {open.map((approval) => (
                <li key={approval.id}>
                  <button
                    type="button"
                    aria-current={selected?.id === approval.id}
                    onClick={() => choose(approval.id)}
                    className={classes(
                      'block w-full px-4 py-2.5 text-left hover:bg-paper',
                      selected?.id === approval.id && 'bg-accent-soft',
                    )}
                  >
                    <Foreign mono className="block truncate font-semibold">
                      {approval.tool}
                    </Foreign>
                    <span className="block truncate text-xs text-soft">
                      {approval.server} · {approval.grant.label} · <Ends ms={approval.expiresMs} />
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </Panel>
          {selected === null ? null : (
            <One key={selected.id} approval={selected} answers={answers} />
          )}
        </div>
      )}
      <Standings answers={answers} />
      {recent.length === 0 ? null : (
        <Panel title="Answered lately" className="mt-4">
          <ul className="divide-y divide-line">
            {recent.map((approval) => (
              <li
                key={approval.id}
                className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 text-sm"
              >
                <Badge
                  tone={
                    approval.state === 'used' || approval.state === 'allowed'
                      ? 'good'
                      : approval.state === 'denied'
                        ? 'bad'
                        : 'neutral'
                  }
                >
                  {approval.state}
                </Badge>
                <Foreign mono>{approval.tool}</Foreign>
                <span className="text-xs text-soft">
                  {approval.server} · {approval.grant.label} ·{' '}
                  {moment(approval.endedMs ?? approval.askedMs)}
                  {approval.votes.map(({ by }) => ` · ${by}`)}
                </span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

function Ends({ ms }: { readonly ms: number }): ReactNode {
  const left = ms - Date.now();
  return left <= 0 ? 'over' : `${distance(left)} left`;
}

function One({
  approval,
  answers,
}: {
  readonly approval: Approval;
  readonly answers: boolean;
}): ReactNode {
  const detail = useQuery({
    ...reading('showApproval', { params: { id: approval.id } }),
    enabled: answers,
  }).data;
  const allow = useChange('allowApproval');
  const deny = useChange('denyApproval');
  const [comment, setComment] = useState('');
  const [standing, setStanding] = useState(false);
  const busy = allow.isPending || deny.isPending;
  const said = comment.trim() === '' ? null : comment.trim();
  const yes = (): void => {
    const stands = standing ? { forMs: standMs } : null;
    allow.mutate({
      params: { id: approval.id },
      input: { via: 'page', comment: said, standing: stands },
    });
  };
  const no = (): void =>
    deny.mutate({ params: { id: approval.id }, input: { via: 'page', comment: said } });
  useKeys({ a: yes, d: no }, answers && !busy);
  return (
    <Panel
      title={
        <span className="flex flex-wrap items-center gap-2">
          <Foreign mono>{approval.tool}</Foreign>
          <span className="font-normal text-soft">on {approval.server}</span>
        </span>
      }
    >
      <div className="space-y-4 px-4 py-4">
        <dl className="grid grid-cols-[6rem_1fr] gap-x-3 gap-y-1 text-sm">
          <dt className="text-soft">Asked by</dt>
          <dd>
            {approval.principal} <span className="text-soft">({approval.grant.label})</span>
          </dd>
          <dt className="text-soft">Since</dt>
          <dd>
            {moment(approval.askedMs)}, <Ends ms={approval.expiresMs} />
          </dd>
          {approval.needs.map((need) => (
            <div key={need.rule} className="contents">
              <dt className="text-soft">Held by</dt>
              <dd>
                <Foreign mono className="text-xs">
                  {need.rule}
                </Foreign>
                {need.reason === null ? null : (
                  <p>
                    <Foreign>{need.reason}</Foreign>
                  </p>
                )}
                {need.quorum > 1 ? (
                  <p className="text-xs text-soft">
                    {need.given} of {need.quorum} said yes
                  </p>
                ) : null}
              </dd>
            </div>
          ))}
        </dl>
        {detail === undefined ? null : (
          <>
            {detail.notes.length === 0 ? null : (
              <ul
                role="alert"
                className="space-y-1 rounded-md bg-warn-soft px-3 py-2 text-sm text-warn"
              >
                {detail.notes.map((note) => (
                  <li key={note}>
                    <Foreign>{note}</Foreign>
                  </li>
                ))}
              </ul>
            )}
            <div>
              <h3 className="mb-1 text-xs font-medium text-soft">These arguments, exactly</h3>
              <pre
                className="max-h-80 overflow-auto rounded-md border border-line bg-paper p-3 font-mono text-xs whitespace-pre-wrap break-all"
                tabIndex={0}
                aria-label="Arguments"
              >
                <bdi>{detail.shown ?? 'not kept any more'}</bdi>
              </pre>
            </div>
            {detail.changes === null ? null : <Changes changes={detail.changes} />}
          </>
        )}
        {answers ? (
          <>
            <Field label="Comment (optional; the agent is told)">
              <Input
                value={comment}
                maxLength={500}
                onChange={(event) => setComment(event.target.value)}
              />
            </Field>
            <label className="flex items-center gap-2 text-sm">
              <input
                type="checkbox"
                checked={standing}
                onChange={(event) => setStanding(event.target.checked)}
              />
              Also the same call again for 30 minutes
            </label>
            <Problem error={allow.error ?? deny.error} />
            <div className="grid grid-cols-2 gap-3 sm:flex">
              <Button
                tone="primary"
                className="min-h-11 sm:min-w-36"
                disabled={busy}
                onClick={yes}
                aria-keyshortcuts="a"
              >
                Allow <kbd className="hidden text-xs opacity-70 sm:inline">A</kbd>
              </Button>
              <Button
                tone="danger"
                className="min-h-11 sm:min-w-36"
                disabled={busy}
                onClick={no}
                aria-keyshortcuts="d"
              >
                Deny <kbd className="hidden text-xs opacity-70 sm:inline">D</kbd>
              </Button>
            </div>
          </>
        ) : (
          <p className="text-sm text-soft">An approver or an administrator answers this.</p>
        )}
      </div>
    </Panel>
  );
}

interface ChangesView {
  readonly sinceMs: number;
  readonly definition: boolean;
  readonly policy: boolean;
  readonly arguments:
    | readonly {
        readonly name: string;
        readonly change: string;
        readonly before: string | null;
        readonly after: string | null;
      }[]
    | null;
}

function Changes({ changes }: { readonly changes: ChangesView }): ReactNode {
  const { arguments: differing, definition, policy, sinceMs } = changes;
  const same = (differing?.length ?? 0) === 0 && !definition && !policy;
  return (
    <div>
      <h3 className="mb-1 text-xs font-medium text-soft">
        Since it was last approved, {moment(sinceMs)}
      </h3>
      {same ? <p className="text-sm">nothing has changed</p> : null}
      {definition ? <Badge tone="warn">the tool's definition changed</Badge> : null}{' '}
      {policy ? <Badge tone="warn">the policy changed</Badge> : null}
      <ul className="mt-1 space-y-1 text-xs">
        {(differing ?? []).map(({ name, change, before, after }) => (
          <li key={name}>
            <Foreign mono className="font-semibold">
              {name}
            </Foreign>{' '}
            {change}:{' '}
            {before === null ? null : (
              <Foreign mono className="bg-bad-soft px-1">
                {before}
              </Foreign>
            )}{' '}
            {after === null ? null : (
              <Foreign mono className="bg-good-soft px-1">
                {after}
              </Foreign>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Standings({ answers }: { readonly answers: boolean }): ReactNode {
  const standings =
    useQuery({ ...reading('listStandingApprovals'), refetchInterval: 5_000 }).data ?? [];
  const revoke = useChange('revokeStandingApproval');
  if (standings.length === 0) return null;
  return (
    <Panel title="Standing approvals" className="mt-4">
      <ul className="divide-y divide-line">
        {standings.map((one) => (
          <li
            key={one.id}
            className="flex flex-wrap items-center justify-between gap-2 px-4 py-2 text-sm"
          >
            <span>
              <Foreign mono>{one.tool}</Foreign>{' '}
              <span className="text-soft">
                for {one.grantLabel}, <Ends ms={one.expiresMs} />, used {one.uses} times, given by{' '}
                {one.givenBy}
              </span>
            </span>
            {answers ? (
              <Button
                onClick={() => revoke.mutate({ params: { id: one.id }, input: { via: 'page' } })}
              >
                Revoke
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** Keys of the page, while nothing is typed into. */
function useKeys(keys: Readonly<Record<string, () => void>>, on: boolean): void {
  useEffect(() => {
    if (!on) return undefined;
    const press = (event: KeyboardEvent): void => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      const typing = target?.matches('input, textarea, select, [role="dialog"] *') === true;
      if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      keys[event.key.toLowerCase()]?.();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  });
}

function Notify(): ReactNode {
  const [state, setState] = useState(
    typeof Notification === 'undefined' ? 'denied' : Notification.permission,
  );
  if (state !== 'default') return null;
  return (
    <Button onClick={() => void Notification.requestPermission().then(setState)}>
      Notify me on this desktop
    </Button>
  );
}

/** Tells of each call that was not there before; never with its arguments. */
function useNotifications(open: readonly Approval[]): void {
  const known = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    const fresh =
      known.current === null ? [] : open.filter(({ id }) => known.current?.has(id) === false);
    known.current = new Set(open.map(({ id }) => id));
    if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
    if (fresh.length === 0 || document.visibilityState === 'visible') return;
    const [first] = fresh;
    new Notification('A call waits for you', {
      body: `${first?.tool} on ${first?.server}`,
      tag: 'approval',
    });
  }, [open]);
}
