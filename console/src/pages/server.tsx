import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';

import { reading, sessionQuery, useChange, type Pin } from '../api/queries.ts';
import {
  Badge,
  Button,
  classes,
  Empty,
  Field,
  Foreign,
  Heading,
  Input,
  Modal,
  Panel,
  Problem,
  RiskBadge,
  visible,
} from '../ui/kit.tsx';
import { SureButton } from '../ui/sure.tsx';
import { moment } from '../ui/time.ts';
import { describe, objectOf } from '../ui/definition.ts';
import { parsedJson } from '../ui/json.ts';
import { Kind, PersonsWord } from './category.tsx';
import { Health } from './servers.tsx';

const riskOrder = ['Critical', 'High', 'Medium', 'Low'];

/** One server: its posture, its tools by risk, and definitions that wait for review. */
export function ServerPage(): ReactNode {
  const { name } = useParams({ from: '/frame/servers/$name' });
  const { tool: sought } = useSearch({ from: '/frame/servers/$name' });
  const server = useQuery({ ...reading('listServers'), refetchInterval: 5_000 }).data?.find(
    (one) => one.name === name,
  );
  const pins = useQuery({ ...reading('listPins', { params: { name } }), refetchInterval: 5_000 });
  const policies = useQuery(reading('listPolicies')).data ?? [];
  const admin = useQuery(sessionQuery).data?.user?.role === 'admin';
  const accept = useChange('acceptPins');
  const read = useChange('readTools');
  const rows = pins.data ?? [];
  const waiting = rows.filter(({ state }) => state === 'quarantined');
  const sorted = rows.toSorted((a, b) => riskOrder.indexOf(a.risk) - riskOrder.indexOf(b.risk));
  const used = policies.filter(({ usedBy }) =>
    usedBy.some(({ servers }) => servers.includes(name)),
  );
  return (
    <>
      <Heading
        title={name}
        lead={server === undefined ? null : <Foreign mono>{server.where}</Foreign>}
        actions={
          <>
            {server === undefined ? null : (
              <Health state={server.health} problem={server.problem} />
            )}
            {admin ? (
              <Button onClick={() => read.mutate({ params: { name } })} disabled={read.isPending}>
                Read tools again
              </Button>
            ) : null}
            <Link
              to="/policies/$name"
              params={{ name: used[0]?.name ?? name }}
              search={{ server: name }}
              className="inline-flex min-h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-accent-ink hover:opacity-90"
            >
              Build a policy
            </Link>
            {admin && server?.source === 'store' ? <Manage name={name} /> : null}
          </>
        }
      />
      <Problem error={pins.error ?? accept.error} />
      <div className="mb-4 grid grid-cols-2 gap-3 sm:grid-cols-4">
        {riskOrder.map((risk) => (
          <div key={risk} className="rounded-lg border border-line bg-panel px-4 py-3">
            <span className="block text-2xl font-semibold tabular-nums">
              {rows.filter((row) => row.risk === risk).length}
            </span>
            <RiskBadge risk={risk} />
          </div>
        ))}
      </div>
      {waiting.length === 0 ? null : (
        <Panel
          title={`${waiting.length} wait for review`}
          className="mb-4 border-warn"
          actions={
            admin && waiting.length > 1 ? (
              <SureButton
                tone="plain"
                label={`Accept all ${waiting.length}`}
                asks={`Accept all ${waiting.length} definitions?`}
                says="Agents see these tools as they are now, and call them where a policy lets them. Look at each difference first."
                does={`Accept all ${waiting.length}`}
                onSure={() =>
                  accept.mutateAsync({
                    params: { name },
                    input: { tools: waiting.map(shownOf) },
                  })
                }
              />
            ) : null
          }
        >
          <ul className="divide-y divide-line">
            {waiting.map((row) => (
              <li key={row.tool} className="px-4 py-3">
                <div className="flex flex-wrap items-center justify-between gap-2">
                  <span className="flex flex-wrap items-center gap-2">
                    <Foreign mono className="font-semibold">
                      {row.tool}
                    </Foreign>
                    <Kind row={row} />
                    <Foreign className="text-sm text-warn">{row.reason ?? ''}</Foreign>
                  </span>
                  {admin ? (
                    <Button
                      onClick={() =>
                        accept.mutate({ params: { name }, input: { tools: [shownOf(row)] } })
                      }
                    >
                      Accept
                    </Button>
                  ) : null}
                </div>
                <Difference row={row} />
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <Panel title={`Tools (${rows.length})`}>
        {rows.length === 0 ? (
          <Empty title="No tool is known yet">
            The list is read when the server answers; its first list is accepted as it is.
          </Empty>
        ) : (
          <ul className="divide-y divide-line">
            {sorted.map((row) => (
              <Tool key={row.tool} row={row} isSought={row.tool === sought} />
            ))}
          </ul>
        )}
      </Panel>
    </>
  );
}

/** What is accepted is what was looked at, not what the server says by then. */
function shownOf({ tool, digest }: Pin): { readonly tool: string; readonly digest: string } {
  return { tool, digest };
}

function Tool({
  row,
  isSought,
}: {
  readonly row: Pin;
  /** Whether a link led to this one: it is open, and in view. */
  readonly isSought: boolean;
}): ReactNode {
  const { description, title } = describe(row.definition);
  // Of hundreds of tools few are looked into: what is inside is drawn when it is.
  const [open, setOpen] = useState(isSought);
  return (
    <li ref={isSought ? showTool : null}>
      <details
        className="group px-4 py-2"
        open={open}
        onToggle={(event) => setOpen(event.currentTarget.open)}
      >
        <summary className="flex flex-wrap items-center gap-2">
          <Foreign mono className="font-medium">
            {row.tool}
          </Foreign>
          <Kind row={row} />
          {row.state === 'quarantined' ? <Badge tone="warn">quarantined</Badge> : null}
          {row.signals.map((signal) => (
            <Badge key={signal}>{signal}</Badge>
          ))}
          <span className="min-w-0 flex-1 truncate text-xs text-soft">
            <Foreign>{title ?? description}</Foreign>
          </span>
        </summary>
        {open ? (
          <div className="mt-2 space-y-2 pb-2 pl-4 text-sm">
            <p className="whitespace-pre-wrap">
              <Foreign>{description}</Foreign>
            </p>
            <p className="text-xs text-soft">
              <Foreign>{row.sentence}</Foreign>
            </p>
            <PersonsWord row={row} />
            <p className="text-xs text-soft">
              First seen {moment(row.seenMs)} ·{' '}
              <span className="font-mono">{row.digest.slice(0, 16)}…</span>
            </p>
            <Long label={`Definition of ${visible(row.tool)}`} className="max-h-64 bg-paper">
              {pretty(row.definition)}
            </Long>
          </div>
        ) : null}
      </details>
    </li>
  );
}

function showTool(tool: HTMLLIElement | null): void {
  tool?.scrollIntoView({ block: 'start' });
}

/** What was reviewed beside what is offered now, member by member. */
function Difference({ row }: { readonly row: Pin }): ReactNode {
  if (row.reviewed === null) {
    const { description } = describe(row.definition);
    return (
      <p className="mt-1 text-sm text-soft">
        <Foreign>{description}</Foreign>
      </p>
    );
  }
  const before = members(row.reviewed.definition);
  const after = members(row.definition);
  const keys = [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => before.get(key) !== after.get(key),
  );
  return (
    <div className="mt-2 space-y-2">
      {keys.map((key) => (
        <div key={key} className="text-xs">
          <p className="font-medium">
            <Foreign>{key}</Foreign>
          </p>
          <div className="grid gap-2 md:grid-cols-2">
            <Long label={`${visible(key)}, reviewed`} className="max-h-40 bg-bad-soft">
              {before.get(key) ?? '(absent)'}
            </Long>
            <Long label={`${visible(key)}, now`} className="max-h-40 bg-good-soft">
              {after.get(key) ?? '(absent)'}
            </Long>
          </div>
        </div>
      ))}
    </div>
  );
}

/** Text of a server that may be longer than its place: scrolled by the keyboard too. */
function Long({
  label,
  className,
  children,
}: {
  readonly label: string;
  readonly className: string;
  readonly children: string;
}): ReactNode {
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      className={classes('overflow-auto rounded p-2', className)}
    >
      <Foreign mono className="block text-xs whitespace-pre-wrap">
        {children}
      </Foreign>
    </div>
  );
}

function members(text: string): ReadonlyMap<string, string> {
  const value = objectOf(parsedJson(text));
  return new Map(Object.entries(value).map(([key, one]) => [key, JSON.stringify(one, null, 2)]));
}

function pretty(text: string): string {
  const value = parsedJson(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}

function Manage({ name }: { readonly name: string }): ReactNode {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const remove = useChange('removeServer');
  const credentials = useChange('setCredentials');
  const [header, setHeader] = useState('Authorization');
  const [value, setValue] = useState('');
  return (
    <>
      <Button onClick={() => setOpen(true)}>Manage</Button>
      <Modal open={open} onClose={() => setOpen(false)} title={`Manage ${name}`}>
        <div className="space-y-4">
          <div className="grid grid-cols-[10rem_1fr] gap-3">
            <Field label="Credential header">
              <Input value={header} onChange={(event) => setHeader(event.target.value)} />
            </Field>
            <Field label="New value" hint="What it was is not shown to anybody.">
              <Input
                type="password"
                value={value}
                onChange={(event) => setValue(event.target.value)}
                autoComplete="off"
              />
            </Field>
          </div>
          <div className="flex flex-wrap gap-2">
            <SureButton
              tone="plain"
              label="Replace the credentials"
              disabled={value === ''}
              asks={`Replace the credentials of ${name}?`}
              says="The next request to it carries the new value. The old one is kept nowhere."
              does="Replace them"
              onSure={async () => {
                await credentials.mutateAsync({
                  params: { name },
                  input: { headers: { [header]: value } },
                });
                setValue('');
              }}
            />
            <SureButton
              label="Remove the credentials"
              asks={`Remove the credentials of ${name}?`}
              says="The next request to it carries none. The value is kept nowhere: to put it back, somebody has to type it again."
              does="Remove them"
              onSure={() => credentials.mutateAsync({ params: { name }, input: { headers: {} } })}
            />
          </div>
          <hr className="border-line" />
          <SureButton
            tone="danger"
            label="Remove this server"
            asks={`Remove ${name}?`}
            says="Agents do not reach it from the next call on, and its credentials are forgotten. What was reviewed of its tools is kept, for when it comes back."
            does={`Remove ${name}`}
            onSure={async () => {
              await remove.mutateAsync({ params: { name } });
              await navigate({ to: '/servers' });
            }}
          />
        </div>
      </Modal>
    </>
  );
}
