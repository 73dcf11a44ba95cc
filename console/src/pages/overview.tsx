import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, type ReactNode } from 'react';

import { reading, type LogLine } from '../api/queries.ts';
import { LimitStands } from '../log/limits.tsx';
import { Behind, LogTable } from '../log/table.tsx';
import { Badge, Empty, Foreign, Heading, Panel } from '../ui/kit.tsx';

const CallsChart = lazy(async () => ({ default: (await import('../log/charts.tsx')).CallsChart }));

/** What agents can do, what they did, and what needs a person. */
export function Overview(): ReactNode {
  const status = useQuery({ ...reading('getStatus'), refetchInterval: 5_000 });
  const servers = useQuery(reading('listServers')).data ?? [];
  const grants = useQuery(reading('listGrants')).data ?? [];
  const approvals = useQuery(reading('listApprovals')).data?.approvals ?? [];
  const charts = useQuery({
    ...reading('getCharts', { query: { hours: 24, steps: 96 } }),
    refetchInterval: 10_000,
  }).data;
  const log = useQuery({
    ...reading('searchLog', { query: { limit: 40 } }),
    refetchInterval: 5_000,
  }).data;
  const live = grants.filter(({ state }) => state === 'live');
  const quarantined = servers.reduce((sum, server) => sum + server.quarantined, 0);
  const refused = charts?.refused.reduce((sum, one) => sum + one, 0) ?? 0;
  const forwarded = charts?.forwarded.reduce((sum, one) => sum + one, 0) ?? 0;
  const failing = servers.filter(({ health }) => health === 'failing');
  return (
    <>
      <Heading
        title="Overview"
        lead="What agents can reach, what they did in the last day, and what waits for you."
        actions={
          status.data === undefined ? null : status.data.ready ? (
            <Badge tone="good">Calls are judged and recorded</Badge>
          ) : (
            <Badge tone="bad">Records cannot be kept: calls are refused</Badge>
          )
        }
      />
      <Behind counts complete={charts?.complete} className="mb-3" />
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Figure to="/log" value={forwarded} label="calls forwarded, 24 h" />
        <Figure
          to="/log"
          value={refused}
          label="calls refused, 24 h"
          tone={refused > 0 ? 'bad' : 'plain'}
        />
        <Figure
          to="/approvals"
          value={approvals.length}
          label="calls wait for a person"
          tone={approvals.length > 0 ? 'warn' : 'plain'}
        />
        <Figure
          to="/servers"
          value={quarantined}
          label="tools in quarantine"
          tone={quarantined > 0 ? 'warn' : 'plain'}
        />
      </div>
      <div className="mt-4 grid grid-cols-1 gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <Panel title="Calls, last 24 hours">
          <div className="h-60 p-3">
            {charts === undefined ? null : (
              <Suspense fallback={<p className="text-sm text-soft">Drawing…</p>}>
                <CallsChart charts={charts} />
              </Suspense>
            )}
          </div>
        </Panel>
        <Panel
          title="Servers"
          actions={
            <Link to="/servers" className="text-sm text-accent hover:underline">
              All
            </Link>
          }
        >
          {servers.length === 0 ? (
            <Empty title="No server yet">
              Add one by its address, or declare it in the operator's file.
            </Empty>
          ) : (
            <ul className="divide-y divide-line">
              {servers.slice(0, 7).map((server) => (
                <li key={server.name} className="flex items-center justify-between gap-3 px-4 py-2">
                  <Link
                    to="/servers/$name"
                    params={{ name: server.name }}
                    className="truncate font-medium hover:underline"
                  >
                    {server.name}
                  </Link>
                  <span className="flex items-center gap-2 text-xs text-soft">
                    {server.quarantined > 0 ? (
                      <Badge tone="warn">{server.quarantined} quarantined</Badge>
                    ) : null}
                    {server.health === 'failing' ? <Badge tone="bad">failing</Badge> : null}
                    {server.tools === null ? 'not read yet' : `${server.tools} tools`}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Panel>
      </div>
      <Panel title="Limits in use, nearest to their top first" className="mt-4">
        <LimitStands most={5} />
      </Panel>
      {failing.length === 0 ? null : (
        <Panel title="Servers that do not answer" className="mt-4">
          <ul className="divide-y divide-line">
            {failing.map((server) => (
              <li key={server.name} className="px-4 py-2 text-sm">
                <span className="font-medium">{server.name}</span>:{' '}
                <Foreign className="text-soft">{server.problem ?? ''}</Foreign>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <div className="mt-4 grid grid-cols-1 gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <Panel
          title="Last decisions"
          actions={
            <Link to="/log" className="text-sm text-accent hover:underline">
              Open the log
            </Link>
          }
        >
          <LogTable brief lines={(log?.lines ?? []).filter(isDecision).slice(0, 10)} />
        </Panel>
        <Panel
          title="Grants"
          actions={
            <Link to="/grants" className="text-sm text-accent hover:underline">
              All
            </Link>
          }
        >
          {live.length === 0 ? (
            <Empty title="No live grant">
              A grant says who may use which servers, under which policy. Make one to connect an
              agent.
            </Empty>
          ) : (
            <ul className="divide-y divide-line">
              {live.slice(0, 6).map((grant) => (
                <li key={grant.id} className="flex items-center justify-between gap-3 px-4 py-2">
                  <span className="min-w-0">
                    <span className="block truncate font-medium">{grant.label}</span>
                    <span className="block truncate text-xs text-soft">{grant.principal.id}</span>
                  </span>
                  <Badge tone={grant.mode === 'observe' ? 'warn' : 'neutral'}>{grant.mode}</Badge>
                </li>
              ))}
            </ul>
          )}
        </Panel>
      </div>
    </>
  );
}

/** Calls and what became of them; not who signed in and what was changed. */
function isDecision({ kind }: LogLine): boolean {
  return kind === 'intent' || kind === 'refusal' || kind === 'approval';
}

function Figure({
  to,
  value,
  label,
  tone = 'plain',
}: {
  readonly to: '/log' | '/approvals' | '/servers';
  readonly value: number;
  readonly label: string;
  readonly tone?: 'plain' | 'warn' | 'bad';
}): ReactNode {
  const colour = tone === 'bad' ? 'text-bad' : tone === 'warn' ? 'text-warn' : 'text-ink';
  return (
    <Link
      to={to}
      className="rounded-lg border border-line bg-panel px-4 py-3 hover:border-line-strong"
    >
      <span className={`block text-2xl font-semibold tabular-nums ${colour}`}>
        {value.toLocaleString()}
      </span>
      <span className="block text-xs text-soft">{label}</span>
    </Link>
  );
}
