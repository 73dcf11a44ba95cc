import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';

import { reading, sessionQuery, useChange } from '../api/queries.ts';
import {
  Badge,
  Button,
  Empty,
  Field,
  Foreign,
  Heading,
  Input,
  Modal,
  Panel,
  Problem,
  Scrolled,
  td,
  th,
} from '../ui/kit.tsx';

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
      <Heading
        title="Servers"
        lead="MCP servers that agents reach through the gateway. Their tools are pinned: what changes is quarantined until somebody has seen it."
        actions={add}
      />
      <Panel>
        {servers.length === 0 && !isLoading ? (
          <Empty title="No server yet" action={add}>
            Add a server by its URL here. Programs that speak stdio are declared in the operator's
            file, and nowhere else.
          </Empty>
        ) : (
          <Scrolled label="Servers">
            <table className="w-full text-sm">
              <thead>
                <tr className="border-b border-line">
                  <th className={th}>Server</th>
                  <th className={th}>Reached by</th>
                  <th className={th}>Tools</th>
                  <th className={th}>Quarantine</th>
                  <th className={th}>Health</th>
                  <th className={th}>Declared in</th>
                </tr>
              </thead>
              <tbody className="divide-y divide-line">
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
                      <Foreign mono>{server.where}</Foreign>
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
                    <td className={`${td} text-soft`}>
                      {server.source === 'file' ? 'file' : 'console'}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scrolled>
        )}
      </Panel>
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
    const field = (name: string): string => String(form.get(name) ?? '').trim();
    const secret = field('secret');
    const input = {
      name: field('name'),
      url: field('url'),
      headers: secret === '' ? {} : { [header]: secret },
      allowPrivate: form.get('private') !== null,
    };
    await add.mutateAsync({ input });
    onDone();
    await navigate({ to: '/servers/$name', params: { name: input.name } });
  };
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(new FormData(event.currentTarget)).catch(() => null);
      }}
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
            Only where the operator allows it with <code>console.privateServers</code>.
          </span>
        </span>
      </label>
      <Problem error={add.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button tone="primary" type="submit" disabled={add.isPending}>
          Add the server
        </Button>
      </div>
    </form>
  );
}
