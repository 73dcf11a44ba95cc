import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from 'react';

import { addressOf } from '../api/client.ts';
import { reading, type LogLine } from '../api/queries.ts';
import { Button, Heading, Panel, Problem, Select, visible } from '../ui/kit.tsx';
import { LimitStands } from './limits.tsx';
import { Story } from './story.tsx';
import { Behind, LogTable } from './table.tsx';

const CallsChart = lazy(async () => ({ default: (await import('./charts.tsx')).CallsChart }));
const LatencyChart = lazy(async () => ({ default: (await import('./charts.tsx')).LatencyChart }));

const liveMax = 300;
/** Between two looks while the index of the log has not caught up. */
const catchUpMs = 1_000;

/** What happened: search, a live tail, charts, and the whole story of one call. */
export function LogPage(): ReactNode {
  const search = useSearch({ from: '/frame/log' });
  const navigate = useNavigate({ from: '/log' });
  const [live, setLive] = useState(true);
  const [charts, setCharts] = useState(false);
  const { id, ...narrow } = search;
  const found = useQuery({
    ...reading('searchLog', {
      query: { ...narrow, decision: decisionOf(narrow.decision), limit: 200 },
    }),
    refetchInterval: ({ state }) => (state.data?.complete === false ? catchUpMs : false),
  });
  const grants = useQuery(reading('listGrants')).data ?? [];
  const servers = useQuery(reading('listServers')).data ?? [];
  const tail = useTail(live);
  const lines = useMemo(
    () => merged(tail, found.data?.lines ?? [], narrow),
    [tail, found.data, narrow],
  );
  const set = (change: Readonly<Record<string, string | undefined>>): void => {
    void navigate({ search: (before) => ({ ...before, ...change }) });
  };
  return (
    <>
      <Heading
        title="Log"
        lead="Every call and every change, in a chain that shows if anything was altered. Values of arguments are not kept unless the operator says so."
        actions={
          <>
            <Button aria-pressed={charts} onClick={() => setCharts(!charts)}>
              {charts ? 'Hide charts' : 'Charts'}
            </Button>
            <Button
              tone={live ? 'primary' : 'plain'}
              aria-pressed={live}
              onClick={() => setLive(!live)}
            >
              {live ? '● Live' : 'Paused'}
            </Button>
          </>
        }
      />
      {charts ? <Charts server={narrow.server} /> : null}
      <div className="mb-3 grid grid-cols-2 gap-2 md:grid-cols-4">
        <Filter
          label="Grant"
          value={narrow.grant}
          onChange={(grant) => set({ grant })}
          options={grants.map(({ label }) => label)}
        />
        <Filter
          label="Server"
          value={narrow.server}
          onChange={(server) => set({ server })}
          options={servers.map(({ name }) => name)}
        />
        <Filter
          label="Decision"
          value={narrow.decision}
          onChange={(decision) => set({ decision })}
          options={['allow', 'refused', 'held', 'deny']}
        />
        <ToolFilter
          key={narrow.tool ?? ''}
          value={narrow.tool}
          onChange={(tool) => set({ tool })}
        />
      </div>
      <Problem error={found.error} />
      <Behind complete={found.data?.complete} className="mb-2" />
      <div
        className={
          id === undefined
            ? ''
            : 'grid grid-cols-1 gap-4 2xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]'
        }
      >
        {id === undefined ? null : (
          <div className="2xl:order-2">
            <Story id={id} onClose={() => set({ id: undefined })} />
          </div>
        )}
        <Panel>
          <LogTable lines={lines} selected={id ?? null} />
        </Panel>
      </div>
    </>
  );
}

type Decision = 'allow' | 'deny' | 'refused' | 'held';

function decisionOf(text: string | undefined): Decision | undefined {
  const all: readonly Decision[] = ['allow', 'deny', 'refused', 'held'];
  return all.find((one) => one === text);
}

function Filter({
  label,
  value,
  onChange,
  options,
}: {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  readonly options: readonly string[];
}): ReactNode {
  return (
    <Select
      aria-label={label}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">{label}: all</option>
      {options.map((one) => (
        <option key={one} value={one}>
          {visible(one)}
        </option>
      ))}
    </Select>
  );
}

function ToolFilter({
  value,
  onChange,
}: {
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}): ReactNode {
  const [text, setText] = useState(value ?? '');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onChange(text.trim() || undefined);
      }}
    >
      <input
        aria-label="Tool"
        placeholder="Tool, exactly; Enter"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => onChange(text.trim() || undefined)}
        className="min-h-8 w-full rounded-md border border-line-strong bg-panel px-2.5 py-1 text-sm placeholder:text-soft"
      />
    </form>
  );
}

/** Lines as they are made, newest first, while it is on. */
function useTail(on: boolean): readonly LogLine[] {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  useEffect(() => {
    if (!on) return undefined;
    const events = new EventSource(addressOf('followLog'));
    events.addEventListener('line', (event: MessageEvent<string>) => {
      // The stream sends lines as the description says.
      const line = JSON.parse(event.data) as LogLine;
      setLines((before) => [line, ...before].slice(0, liveMax));
    });
    return () => events.close();
  }, [on]);
  return lines;
}

interface Narrow {
  readonly grant?: string | undefined;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  readonly decision?: string | undefined;
}

/** What the tail brought, and what was found, each record once; outcomes go into their calls. */
function merged(
  tail: readonly LogLine[],
  found: readonly LogLine[],
  narrow: Narrow,
): readonly LogLine[] {
  const outcomes = new Map(
    tail.filter(({ kind }) => kind === 'outcome').map((line) => [line.id, line]),
  );
  const known = new Set(found.map(({ seq }) => seq));
  const fresh = tail.filter(
    (line) => line.kind !== 'outcome' && !known.has(line.seq) && matches(line, narrow),
  );
  return [...fresh, ...found].map((line) => {
    const outcome = outcomes.get(line.id);
    if (outcome === undefined || line.kind !== 'intent') return line;
    return { ...line, outcome: outcome.done, ms: outcome.ms };
  });
}

function matches(line: LogLine, { grant, server, tool, decision }: Narrow): boolean {
  const done = decision === 'allow' ? ['forwarded', 'allow'] : [decision];
  return (
    (grant === undefined || line.grant === grant) &&
    (server === undefined || line.server === server) &&
    (tool === undefined || line.what === tool) &&
    (decision === undefined || done.includes(line.done))
  );
}

function Charts({ server }: { readonly server: string | undefined }): ReactNode {
  const [hours, setHours] = useState(24);
  const query = { hours, steps: 96, server };
  const charts = useQuery({ ...reading('getCharts', { query }), refetchInterval: 10_000 }).data;
  return (
    <Panel
      className="mb-4"
      title="Charts"
      actions={
        <Select
          aria-label="Span"
          value={hours}
          onChange={(event) => setHours(Number(event.target.value))}
        >
          <option value={1}>last hour</option>
          <option value={24}>last day</option>
          <option value={168}>last week</option>
          <option value={720}>last 30 days</option>
        </Select>
      }
    >
      {charts === undefined ? null : (
        <div className="grid grid-cols-1 gap-4 p-3 lg:grid-cols-2">
          <Behind counts complete={charts.complete} className="lg:col-span-2" />
          <Suspense>
            <div className="h-56">
              <CallsChart charts={charts} />
            </div>
            <div className="h-56">
              <LatencyChart charts={charts} />
            </div>
          </Suspense>
          <Bars title="Most called" rows={charts.topTools} />
          <Bars title="Rules that refused most" rows={charts.topRules} />
        </div>
      )}
      <div className="border-t border-line">
        <h3 className="px-4 pt-3 text-xs font-medium text-soft">
          Limits in use now, nearest to their top first
        </h3>
        <LimitStands most={12} />
      </div>
    </Panel>
  );
}

function Bars({
  title,
  rows,
}: {
  readonly title: string;
  readonly rows: readonly { readonly name: string; readonly count: number }[];
}): ReactNode {
  const most = Math.max(1, ...rows.map(({ count }) => count));
  return (
    <div>
      <h3 className="mb-1 text-xs font-medium text-soft">{title}</h3>
      {rows.length === 0 ? <p className="text-sm text-soft">none</p> : null}
      <ul className="space-y-1">
        {rows.map(({ name, count }) => (
          <li key={name} className="flex items-center gap-2 text-xs">
            <bdi className="foreign w-1/2 truncate font-mono">{name}</bdi>
            <meter
              className="h-2 flex-1"
              min={0}
              max={most}
              value={count}
              aria-label={`${count} calls`}
            />
            <span className="w-10 text-right tabular-nums">{count}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
