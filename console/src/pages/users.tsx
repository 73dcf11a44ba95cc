import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { reading, sessionQuery, useChange } from '../api/queries.ts';
import { Badge, Button, Copyable, Field, Input, Modal, Problem, Select, td } from '../ui/kit.tsx';
import { fieldOf, Form } from '../ui/form.tsx';
import { ListPage } from '../ui/list.tsx';
import { SureButton } from '../ui/sure.tsx';
import { moment } from '../ui/time.ts';

const roles = ['viewer', 'approver', 'policy-manager', 'admin'] as const;
type Role = (typeof roles)[number];

const meanings: Readonly<Record<Role, string>> = {
  viewer: 'sees everything, changes nothing',
  approver: 'answers held calls',
  'policy-manager': 'writes policies and puts them on grants',
  admin: 'does everything',
};

interface Invited {
  readonly name: string;
  readonly token: string;
}

/** Who may sign in, and as what. */
export function Users(): ReactNode {
  const users = useQuery(reading('listUsers'));
  const me = useQuery(sessionQuery).data?.user?.name;
  const setRole = useChange('setUserRole');
  const remove = useChange('removeUser');
  const again = useChange('inviteAgain');
  const provider = useQuery(reading('getSignInWays')).data?.oidc?.name ?? null;
  const [adding, setAdding] = useState(false);
  const [inviting, setInviting] = useState(false);
  const [invited, setInvited] = useState<Invited | null>(null);
  return (
    <>
      <ListPage
        title="Users"
        lead="People of this console. The operator key stays what it is: the key of the machine, for the command line."
        action={
          <>
            {provider === null ? null : (
              <Button onClick={() => setAdding(true)}>Add from {provider}</Button>
            )}
            <Button tone="primary" onClick={() => setInviting(true)}>
              Invite somebody
            </Button>
          </>
        }
        columns={['Name', 'Role', 'State', 'Since', { unseen: 'Actions' }]}
        empty={null}
        problem={<Problem error={users.error ?? setRole.error} />}
      >
        {(users.data ?? []).map((user) => (
          <tr key={user.name}>
            <td className={`${td} font-medium`}>
              {user.name}{' '}
              {me === `person:${user.name}` ? (
                <span className="text-xs text-soft">(you)</span>
              ) : null}
            </td>
            <td className={td}>
              {user.way === 'oidc' ? (
                user.role
              ) : (
                <Select
                  aria-label={`Role of ${user.name}`}
                  value={user.role}
                  className="max-w-44 min-w-40"
                  onChange={(event) => {
                    const role = roles.find((one) => one === event.target.value) ?? 'viewer';
                    setRole.mutate({ params: { name: user.name }, input: { role } });
                  }}
                >
                  {roles.map((role) => (
                    <option key={role}>{role}</option>
                  ))}
                </Select>
              )}
              <span className="mt-0.5 block text-xs text-soft">
                {meanings[user.role]}
                {user.way === 'oidc'
                  ? `, by ${provider ?? 'a provider that is named no more'}`
                  : ''}
              </span>
            </td>
            <td className={td}>
              <Badge tone={user.state === 'active' ? 'good' : 'warn'}>{user.state}</Badge>
            </td>
            <td className={`${td} text-soft`}>{moment(user.createdMs)}</td>
            <td className={`${td} text-right xl:whitespace-nowrap`}>
              {user.way === 'oidc' ? null : (
                <SureButton
                  label="New password link"
                  unseen={`New password link for ${user.name}`}
                  asks={`A new password link for ${user.name}?`}
                  says="Their password, passkeys and sessions end at once. Until they open the link and choose another password, they cannot sign in."
                  does="Make the link"
                  onSure={async () => {
                    const { token } = await again.mutateAsync({ params: { name: user.name } });
                    setInvited({ name: user.name, token });
                  }}
                />
              )}
              <SureButton
                label="Remove"
                unseen={`Remove ${user.name}`}
                asks={`Remove ${user.name}?`}
                says={
                  user.way === 'oidc'
                    ? 'Their sessions end at once. What they did stays on record.'
                    : 'Their sessions end at once, and their password and passkeys open nothing any more. What they did stays on record.'
                }
                does={`Remove ${user.name}`}
                onSure={() => remove.mutateAsync({ params: { name: user.name } })}
              />
            </td>
          </tr>
        ))}
      </ListPage>
      <Modal
        open={adding}
        onClose={() => setAdding(false)}
        title={`Add somebody from ${provider ?? ''}`}
      >
        <AddOidcUser onDone={() => setAdding(false)} />
      </Modal>
      <Modal open={inviting} onClose={() => setInviting(false)} title="Invite somebody">
        <Invite
          onDone={(next) => {
            setInviting(false);
            setInvited(next);
          }}
        />
      </Modal>
      <Modal
        open={invited !== null}
        onClose={() => setInvited(null)}
        title={`A link for ${invited?.name ?? ''}`}
      >
        {invited === null ? null : (
          <div className="space-y-3 text-sm">
            <p>It works once, within three days. Whoever opens it chooses the password.</p>
            <Copyable
              label="Link"
              text={`${location.origin}/console/welcome#${invited.token}.${encodeURIComponent(invited.name)}`}
            />
          </div>
        )}
      </Modal>
    </>
  );
}

function AddOidcUser({ onDone }: { readonly onDone: () => void }): ReactNode {
  const add = useChange('addOidcUser');
  return (
    <Form
      onSubmit={async (form) => {
        const input = { name: fieldOf(form, 'name'), subject: fieldOf(form, 'subject') };
        await add.mutateAsync({ input });
        onDone();
      }}
      error={add.error}
      submit="Add"
      disabled={add.isPending}
    >
      <Field label="Name" hint="What they are called here; policies can name them by it.">
        <Input name="name" required autoFocus pattern="[a-z0-9][a-z0-9._\-]{0,63}" />
      </Field>
      <Field label="Subject" hint="The claim `sub` by which the provider knows them.">
        <Input name="subject" required maxLength={255} autoComplete="off" />
      </Field>
    </Form>
  );
}

function Invite({ onDone }: { readonly onDone: (invited: Invited) => void }): ReactNode {
  const invite = useChange('inviteUser');
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  return (
    <Form
      onSubmit={() =>
        invite.mutate(
          { input: { name, role } },
          { onSuccess: ({ token }) => onDone({ name, token }) },
        )
      }
      error={invite.error}
      submit="Make the link"
      disabled={invite.isPending}
    >
      <Field label="Name">
        <Input
          value={name}
          onChange={(event) => setName(event.target.value)}
          required
          autoFocus
          pattern="[a-z0-9][a-z0-9._\-]{0,63}"
        />
      </Field>
      <Field label="Role" hint={meanings[role]}>
        <Select
          value={role}
          onChange={(event) => setRole(roles.find((one) => one === event.target.value) ?? 'viewer')}
        >
          {roles.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
      </Field>
    </Form>
  );
}
