import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';

import { reading, sessionQuery } from '../api/queries.ts';
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
  Scrolled,
  Select,
  td,
  th,
} from '../ui/kit.tsx';

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
      <Heading
        title="Policies"
        lead="A policy decides every tool call before it leaves: allow, limit, ask a person, deny, or hide. Every save is a version that can be put back."
        actions={make}
      />
      <Panel>
        {policies.length === 0 && !isLoading ? (
          <Empty title="No policy yet" action={make}>
            Without a policy a grant refuses everything. Build one by eye from the live tools of a
            server.
          </Empty>
        ) : (
          <Scrolled label="Policies">
            <table className="w-full text-sm">
              <thead>
                <tr className="border-b border-line">
                  <th className={th}>Policy</th>
                  <th className={th}>Version</th>
                  <th className={th}>Rules</th>
                  <th className={th}>Everything else</th>
                  <th className={th}>In force for</th>
                  <th className={th}>Kept in</th>
                </tr>
              </thead>
              <tbody className="divide-y divide-line">
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
                        <p className="max-w-xs text-xs text-soft">
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
                      {policy.usedBy.length === 0 ? (
                        <span className="text-soft">no grant</span>
                      ) : null}
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
              </tbody>
            </table>
          </Scrolled>
        )}
      </Panel>
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
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        const chosen = server === '' ? servers[0]?.name : server;
        void navigate({ to: '/policies/$name', params: { name }, search: { server: chosen } });
      }}
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
      {isTaken ? <p className="text-sm text-bad">There is a policy of this name already.</p> : null}
      <div className="flex justify-end">
        <Button tone="primary" type="submit" disabled={isTaken}>
          Start building
        </Button>
      </div>
    </form>
  );
}
