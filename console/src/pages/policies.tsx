import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';

import { reading, sessionQuery } from '../api/queries.ts';
import { Form } from '../ui/form.tsx';
import { Badge, Button, Field, Foreign, Input, Modal, Select, td } from '../ui/kit.tsx';
import { ListPage } from '../ui/list.tsx';

const none = {
  title: 'No policy yet',
  text: 'Without a policy a grant refuses everything. Build one by eye from the live tools of a server.',
};

/** Every policy in force. */
export function Policies(): ReactNode {
  const { data: policies = [], isLoading } = useQuery(reading('listPolicies'));
  const role = useQuery(sessionQuery).data?.user?.role;
  const writes = role === 'admin' || role === 'policy-manager';
  const [making, setMaking] = useState(false);
  const make = writes ? (
    <Button tone="primary" onClick={() => setMaking(true)}>
      New policy
    </Button>
  ) : null;
  return (
    <>
      <ListPage
        title="Policies"
        lead="A policy decides every tool call before it leaves: allow, limit, ask a person, deny, or hide. Every save is a version that can be put back."
        action={make}
        columns={['Policy', 'Version', 'Rules', 'Everything else', 'In force for', 'Kept in']}
        empty={policies.length === 0 && !isLoading ? none : null}
      >
        {policies.map((policy) => (
          <tr key={policy.name}>
            <td className={td}>
              <Link
                to="/policies/$name"
                params={{ name: policy.name }}
                search={{ server: policy.usedBy[0]?.servers[0] }}
                className="font-medium text-accent hover:underline"
              >
                {policy.name}
              </Link>
              {policy.description === null ? null : (
                <p className="max-w-xs min-w-52 text-xs text-soft">
                  <Foreign>{policy.description}</Foreign>
                </p>
              )}
            </td>
            <td className={`${td} tabular-nums`}>{policy.version}</td>
            <td className={td}>
              {policy.rules.tools} tools
              {policy.rules.categories > 0 ? `, ${policy.rules.categories} categories` : ''}
              {policy.rules.hidden > 0 ? `, ${policy.rules.hidden} hidden` : ''}
            </td>
            <td className={td}>
              <Badge tone={policy.rules.default === 'deny' ? 'good' : 'warn'}>
                {policy.rules.default === 'deny' ? 'denied' : 'allowed'}
              </Badge>
            </td>
            <td className={td}>
              {policy.usedBy.length === 0 ? <span className="text-soft">no grant</span> : null}
              {policy.usedBy.map(({ grant, servers }) => (
                <div key={grant}>
                  {grant} <span className="text-xs text-soft">on {servers.join(', ')}</span>
                </div>
              ))}
            </td>
            <td className={`${td} text-soft`}>
              {policy.source === 'file' ? 'file (read only)' : 'console'}
            </td>
          </tr>
        ))}
      </ListPage>
      <Modal open={making} onClose={() => setMaking(false)} title="New policy">
        <NewPolicy taken={policies.map(({ name }) => name)} />
      </Modal>
    </>
  );
}

function NewPolicy({ taken }: { readonly taken: readonly string[] }): ReactNode {
  const servers = useQuery(reading('listServers')).data ?? [];
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [server, setServer] = useState('');
  const isTaken = taken.includes(name);
  return (
    <Form
      onSubmit={() => {
        const chosen = server === '' ? servers[0]?.name : server;
        return navigate({ to: '/policies/$name', params: { name }, search: { server: chosen } });
      }}
      error={isTaken ? 'There is a policy of this name already.' : null}
      submit="Start building"
      disabled={isTaken}
    >
      <Field label="Name" hint="Up to 32 of a-z 0-9 and -.">
        <Input
          value={name}
          onChange={(event) => setName(event.target.value)}
          required
          autoFocus
          pattern="[a-z0-9][a-z0-9\-]{0,31}"
        />
      </Field>
      <Field label="For the tools of">
        <Select value={server} onChange={(event) => setServer(event.target.value)}>
          {servers.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </Select>
      </Field>
    </Form>
  );
}
