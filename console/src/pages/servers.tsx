import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';

import { reading, sessionQuery, useChange } from '../api/queries.ts';
import { fieldOf, Form } from '../ui/form.tsx';
import { Badge, Button, Field, Foreign, Input, Modal, td } from '../ui/kit.tsx';
import { ListPage } from '../ui/list.tsx';

const none = {
  title: 'No server yet',
  text: "Add a server by its URL here. Programs that speak stdio are declared in the operator's file, and nowhere else.",
};

/** Every server behind the gateway. */
export function Servers(): ReactNode {
  const { data: servers = [], isLoading } = useQuery({
    ...reading('listServers'),
    refetchInterval: 5_000,
  });
  const admin = useQuery(sessionQuery).data?.user?.role === 'admin';
  const [adding, setAdding] = useState(false);
  const add = admin ? (
    <Button tone="primary" onClick={() => setAdding(true)}>
      Add a server
    </Button>
  ) : null;
  return (
    <>
      <ListPage
        title="Servers"
        lead="MCP servers that agents reach through the gateway. Their tools are pinned: what changes is quarantined until somebody has seen it."
        action={add}
        columns={['Server', 'Reached by', 'Tools', 'Quarantine', 'Health', 'Declared in']}
        empty={servers.length === 0 && !isLoading ? none : null}
      >
        {servers.map((server) => (
          <tr key={server.name}>
            <td className={td}>
              <Link
                to="/servers/$name"
                params={{ name: server.name }}
                className="font-medium text-accent hover:underline"
              >
                {server.name}
              </Link>
            </td>
            <td className={td}>
              <Foreign mono className="block min-w-44">
                {server.where}
              </Foreign>
            </td>
            <td className={`${td} tabular-nums`}>{server.tools ?? '–'}</td>
            <td className={td}>
              {server.quarantined === 0 ? (
                <span className="text-soft">none</span>
              ) : (
                <Badge tone="warn">{server.quarantined}</Badge>
              )}
            </td>
            <td className={td}>
              <Health state={server.health} problem={server.problem} />
            </td>
            <td className={`${td} text-soft`}>{server.source === 'file' ? 'file' : 'console'}</td>
          </tr>
        ))}
      </ListPage>
      <Modal open={adding} onClose={() => setAdding(false)} title="Add a server">
        <AddServer onDone={() => setAdding(false)} />
      </Modal>
    </>
  );
}

export function Health({
  state,
  problem,
}: {
  readonly state: string;
  readonly problem: string | null;
}): ReactNode {
  if (state === 'ok') return <Badge tone="good">answers</Badge>;
  if (state === 'failing') {
    return (
      <span className="space-x-2">
        <Badge tone="bad">failing</Badge>
        <Foreign className="text-xs text-soft">{problem ?? ''}</Foreign>
      </span>
    );
  }
  return <span className="text-soft">{state === 'reading' ? 'reading…' : 'not read yet'}</span>;
}

function AddServer({ onDone }: { readonly onDone: () => void }): ReactNode {
  const add = useChange('addServer');
  const navigate = useNavigate();
  const [header, setHeader] = useState('Authorization');
  const submit = async (form: FormData): Promise<void> => {
    const secret = fieldOf(form, 'secret');
    const input = {
      name: fieldOf(form, 'name'),
      url: fieldOf(form, 'url'),
      headers: secret === '' ? {} : { [header]: secret },
      allowPrivate: form.get('private') !== null,
    };
    await add.mutateAsync({ input });
    onDone();
    await navigate({ to: '/servers/$name', params: { name: input.name } });
  };
  return (
    <Form
      onSubmit={submit}
      error={add.error}
      submit="Add the server"
      disabled={add.isPending}
      onCancel={onDone}
    >
      <Field label="Name" hint="Up to 32 of a-z 0-9 and -. Agents see it in addresses.">
        <Input
          name="name"
          required
          autoFocus
          pattern="[a-z0-9][a-z0-9\-]{0,31}"
          placeholder="mail"
        />
      </Field>
      <Field
        label="URL"
        hint="The server's MCP endpoint. Its address is checked before anything is sent."
      >
        <Input name="url" type="url" required placeholder="https://mcp.example.com/mcp" />
      </Field>
      <div className="grid grid-cols-[10rem_1fr] gap-3">
        <Field label="Credential header">
          <Input value={header} onChange={(event) => setHeader(event.target.value)} />
        </Field>
        <Field label="Its value (optional)">
          <Input name="secret" type="password" autoComplete="off" placeholder="Bearer …" />
        </Field>
      </div>
      <p className="text-xs text-soft">
        The value is encrypted with this installation's key and never shown again. Agents do not get
        it.
      </p>
      <label className="flex items-start gap-2 text-sm">
        <input type="checkbox" name="private" className="mt-1" />
        <span>
          The address is private or loopback
          <span className="block text-xs text-soft">
            Only where the operator allows it with <code>{'console.privateServers'}</code>.
          </span>
        </span>
      </label>
    </Form>
  );
}
