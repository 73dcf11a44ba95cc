import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';

import { reading, sessionQuery, useChange, type Grant } from '../api/queries.ts';
import { Badge, Button, classes, Field, Input, Modal, Select, td } from '../ui/kit.tsx';
import { fieldOf, Form } from '../ui/form.tsx';
import { ListPage } from '../ui/list.tsx';
import { SureButton } from '../ui/sure.tsx';
import { distance } from '../ui/time.ts';
import { Connect, type Issued } from './connect.tsx';

const none = {
  title: 'No grant yet',
  text: 'Make a grant, paste its configuration into an MCP client, and watch its calls in the log.',
};

/** Who may use which servers, under which policy. */
export function Grants(): ReactNode {
  const { data: grants = [], isLoading } = useQuery(reading('listGrants'));
  const role = useQuery(sessionQuery).data?.user?.role;
  const [making, setMaking] = useState(false);
  const [editing, setEditing] = useState<Grant | null>(null);
  const [issued, setIssued] = useState<Issued | null>(null);
  const { grant: sought } = useSearch({ from: '/frame/grants' });
  const make =
    role === 'admin' ? (
      <Button tone="primary" onClick={() => setMaking(true)}>
        New grant
      </Button>
    ) : null;
  const sorted = grants.toSorted(
    (a, b) => Number(b.state === 'live') - Number(a.state === 'live') || b.createdMs - a.createdMs,
  );
  return (
    <>
      <ListPage
        title="Grants"
        lead="A grant is a token for one principal: which servers it opens, and which policy decides on each."
        action={make}
        columns={[
          'Grant',
          'Principal',
          'Servers and policies',
          'Mode',
          'Ends',
          'State',
          { unseen: 'Actions' },
        ]}
        empty={grants.length === 0 && !isLoading ? none : null}
      >
        {sorted.map((grant) => (
          <Row
            key={grant.id}
            grant={grant}
            isSought={grant.label === sought}
            role={role ?? 'viewer'}
            onEdit={setEditing}
            onIssued={setIssued}
          />
        ))}
      </ListPage>
      <Modal open={making} onClose={() => setMaking(false)} title="New grant">
        <NewGrant
          onIssued={(next) => {
            setMaking(false);
            setIssued(next);
          }}
        />
      </Modal>
      <Modal
        open={editing !== null}
        onClose={() => setEditing(null)}
        title={`Edit ${editing?.label ?? ''}`}
      >
        {editing === null ? null : <EditGrant grant={editing} onDone={() => setEditing(null)} />}
      </Modal>
      <Modal
        wide
        open={issued !== null}
        onClose={() => setIssued(null)}
        title={`Connect ${issued?.grant.label ?? ''}`}
      >
        {issued === null ? null : <Connect issued={issued} />}
      </Modal>
    </>
  );
}

function Row({
  grant,
  isSought,
  role,
  onEdit,
  onIssued,
}: {
  readonly grant: Grant;
  /** Whether a link led to this one. */
  readonly isSought: boolean;
  readonly role: string;
  readonly onEdit: (grant: Grant) => void;
  readonly onIssued: (issued: Issued) => void;
}): ReactNode {
  const revoke = useChange('revokeGrant');
  const rotate = useChange('rotateGrant');
  const own = grant.source === 'store' && grant.state === 'live';
  return (
    <tr
      ref={isSought ? showRow : null}
      className={classes(grant.state !== 'live' && 'opacity-60', isSought && 'bg-accent-soft')}
    >
      <td className={`${td} font-medium`}>{grant.label}</td>
      <td className={td}>{grant.principal.id}</td>
      <td className={td}>
        {grant.servers.map((server) => (
          <div key={server}>
            {server}: <span className="text-soft">{grant.policies[server] ?? 'no policy'}</span>
          </div>
        ))}
      </td>
      <td className={td}>
        <Badge tone={grant.mode === 'observe' ? 'warn' : 'neutral'}>{grant.mode}</Badge>
      </td>
      <td className={td}>
        {grant.expiresMs === null ? (
          <span className="text-soft">never</span>
        ) : grant.expiresMs > Date.now() ? (
          `in ${distance(grant.expiresMs - Date.now())}`
        ) : (
          'over'
        )}
      </td>
      <td className={td}>
        <Badge tone={grant.state === 'live' ? 'good' : 'neutral'}>{grant.state}</Badge>
      </td>
      <td className={`${td} text-right xl:whitespace-nowrap`}>
        {grant.source === 'file' ? <span className="text-xs text-soft">in the file</span> : null}
        {own && (role === 'admin' || role === 'policy-manager') ? (
          <Button tone="quiet" onClick={() => onEdit(grant)}>
            Edit
          </Button>
        ) : null}
        {own && role === 'admin' ? (
          <>
            <SureButton
              label="New token"
              unseen={`New token for ${grant.label}`}
              asks={`A new token for ${grant.label}?`}
              says="The token that its clients have now opens nothing from the next call on: each of them needs the new one, which is shown once."
              does="Make a new token"
              onSure={async () =>
                onIssued(await rotate.mutateAsync({ params: { name: grant.id } }))
              }
            />
            <SureButton
              label="Revoke"
              unseen={`Revoke ${grant.label}`}
              asks={`Revoke ${grant.label}?`}
              says="Its next call is refused and its open streams are closed. A revoked grant does not come back: an agent that needs it again needs another grant."
              does={`Revoke ${grant.label}`}
              onSure={() => revoke.mutateAsync({ params: { name: grant.id } })}
            />
          </>
        ) : null}
      </td>
    </tr>
  );
}

function showRow(row: HTMLTableRowElement | null): void {
  row?.scrollIntoView({ block: 'nearest' });
}

const ends: readonly (readonly [string, number | null])[] = [
  ['never', null],
  ['in an hour', 3_600_000],
  ['in a day', 86_400_000],
  ['in 30 days', 2_592_000_000],
  ['in 90 days', 7_776_000_000],
];

function NewGrant({ onIssued }: { readonly onIssued: (issued: Issued) => void }): ReactNode {
  const servers = useQuery(reading('listServers')).data ?? [];
  const policies = useQuery(reading('listPolicies')).data ?? [];
  const create = useChange('createGrant');
  const [chosen, setChosen] = useState<Readonly<Record<string, string>>>({});
  const submit = async (form: FormData): Promise<void> => {
    const lasts = ends[Number(fieldOf(form, 'ends'))]?.[1] ?? null;
    const input = {
      label: fieldOf(form, 'label'),
      principal: fieldOf(form, 'principal'),
      servers: Object.keys(chosen),
      policies: chosen,
      mode: fieldOf(form, 'mode') === 'observe' ? ('observe' as const) : ('enforce' as const),
      expiresMs: lasts === null ? null : Date.now() + lasts,
    };
    onIssued(await create.mutateAsync({ input }));
  };
  return (
    <Form
      onSubmit={submit}
      error={create.error}
      submit="Make the grant"
      disabled={create.isPending || Object.keys(chosen).length === 0}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Label" hint="What you call it.">
          <Input
            name="label"
            required
            autoFocus
            pattern="[a-z0-9][a-z0-9\-]{0,31}"
            placeholder="laptop"
          />
        </Field>
        <Field label="Principal" hint="Who acts: a kind and a name.">
          <Input
            name="principal"
            required
            placeholder="agent:anna"
            pattern="[a-z][a-z0-9\-]*:[A-Za-z0-9][A-Za-z0-9._@+\-]*"
          />
        </Field>
      </div>
      <fieldset>
        <legend className="mb-1 text-xs font-medium text-soft">
          Servers, each with its policy
        </legend>
        <div className="divide-y divide-line rounded-md border border-line">
          {servers.map(({ name }) => (
            <PolicyChoice
              key={name}
              server={name}
              chosen={chosen}
              choose={setChosen}
              policies={policies.map((one) => one.name)}
              optional
            />
          ))}
        </div>
      </fieldset>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Mode" hint="Observe records what would be refused, and forwards it.">
          <Select name="mode" defaultValue="enforce">
            <option value="enforce">enforce</option>
            <option value="observe">observe</option>
          </Select>
        </Field>
        <Field label="Ends">
          <Select name="ends" defaultValue="0">
            {ends.map(([label], index) => (
              <option key={label} value={index}>
                {label}
              </option>
            ))}
          </Select>
        </Field>
      </div>
    </Form>
  );
}

function PolicyChoice({
  server,
  chosen,
  choose,
  policies,
  optional,
}: {
  readonly server: string;
  readonly chosen: Readonly<Record<string, string>>;
  readonly choose: (next: Readonly<Record<string, string>>) => void;
  readonly policies: readonly string[];
  readonly optional: boolean;
}): ReactNode {
  const policy = chosen[server];
  const fitting = policies.includes(server) ? server : (policies[0] ?? '');
  return (
    <div className="flex items-center gap-3 px-3 py-1.5">
      <label className="flex min-w-0 flex-1 items-center gap-2 text-sm">
        {optional ? (
          <input
            type="checkbox"
            checked={policy !== undefined}
            onChange={(event) => {
              const { [server]: _, ...others } = chosen;
              choose(event.target.checked ? { ...others, [server]: fitting } : others);
            }}
          />
        ) : null}
        <span className="truncate">{server}</span>
      </label>
      <Select
        aria-label={`Policy for ${server}`}
        className="max-w-44"
        disabled={policy === undefined}
        value={policy ?? fitting}
        onChange={(event) => choose({ ...chosen, [server]: event.target.value })}
      >
        {policies.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
    </div>
  );
}

function EditGrant({
  grant,
  onDone,
}: {
  readonly grant: Grant;
  readonly onDone: () => void;
}): ReactNode {
  const policies = useQuery(reading('listPolicies')).data ?? [];
  const edit = useChange('editGrant');
  const [chosen, setChosen] = useState(grant.policies);
  const [mode, setMode] = useState(grant.mode);
  const [lasts, setLasts] = useState('keep');
  const save = (): void => {
    const added = ends[Number(lasts)]?.[1] ?? null;
    const expiresMs =
      lasts === 'keep' ? grant.expiresMs : added === null ? null : Date.now() + added;
    const input = { policies: chosen, mode, expiresMs };
    edit.mutate({ params: { name: grant.id }, input }, { onSuccess: onDone });
  };
  return (
    <Form
      onSubmit={save}
      error={edit.error}
      submit="Save"
      disabled={edit.isPending}
      onCancel={onDone}
    >
      <div className="divide-y divide-line rounded-md border border-line">
        {grant.servers.map((server) => (
          <PolicyChoice
            key={server}
            server={server}
            chosen={chosen}
            choose={setChosen}
            policies={policies.map((one) => one.name)}
            optional={false}
          />
        ))}
      </div>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Mode">
          <Select
            value={mode}
            onChange={(event) => setMode(event.target.value === 'observe' ? 'observe' : 'enforce')}
          >
            <option value="enforce">enforce</option>
            <option value="observe">observe</option>
          </Select>
        </Field>
        <Field label="Ends">
          <Select value={lasts} onChange={(event) => setLasts(event.target.value)}>
            <option value="keep">as it is</option>
            {ends.map(([label], index) => (
              <option key={label} value={index}>
                {label}
              </option>
            ))}
          </Select>
        </Field>
      </div>
    </Form>
  );
}
