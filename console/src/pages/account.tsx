import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { reading, sessionQuery, useChange, type Passkey } from '../api/queries.ts';
import { Badge, Button, Empty, Foreign, Heading, Panel, Problem, td, visible } from '../ui/kit.tsx';
import { Table } from '../ui/list.tsx';
import { SureButton } from '../ui/sure.tsx';
import { moment } from '../ui/time.ts';
import { AddPasskey } from './add-passkey.tsx';
import { PasswordButton } from './password.tsx';

/** One's own way in: the password and the passkeys. */
export function Account(): ReactNode {
  const user = useQuery(sessionQuery).data?.user;
  const name = user?.name.replace('person:', '') ?? '';
  const isPerson = user?.name.startsWith('person:') === true;
  const provider = useQuery(reading('getSignInWays')).data?.oidc?.name ?? 'an OpenID provider';

  return (
    <>
      <Heading title="Your account" lead={`You are ${name}, signed in as ${user?.role ?? ''}.`} />
      {user?.way === 'oidc' ? (
        <Panel>
          <Empty title={`You come by ${provider}`}>
            Password, passkeys and role are changed there; nothing of it is kept here.
          </Empty>
        </Panel>
      ) : isPerson ? (
        <div className="space-y-5">
          <Panel title="Password" actions={<PasswordButton />}>
            <p className="px-4 py-3 text-sm text-soft">
              It opens this console, and is asked for before a passkey is added.
            </p>
          </Panel>
          <Passkeys />
        </div>
      ) : (
        <Panel>
          <Empty title="The operator key has no account">
            Sign in as a user to change a password or to add passkeys. The key itself is in the file
            operator.key of the data folder.
          </Empty>
        </Panel>
      )}
    </>
  );
}

function Passkeys(): ReactNode {
  const passkeys = useQuery(reading('listPasskeys'));
  const [adding, setAdding] = useState(false);
  const list = passkeys.data ?? [];
  const add = (
    <Button tone="primary" onClick={() => setAdding(true)}>
      Add a passkey
    </Button>
  );
  return (
    <Panel title="Passkeys" actions={list.length === 0 ? null : add}>
      <Problem error={passkeys.error} />
      {list.length === 0 && !passkeys.isLoading ? (
        <Empty title="No passkey yet" action={add}>
          A passkey is kept by this device, your phone or a security key, and opened by a
          fingerprint, a face or a PIN. It works on this console alone, so that no other page can
          ask for it.
        </Empty>
      ) : (
        <Table
          label="Passkeys"
          columns={['Name', 'Opens', 'Added', 'Last used', { unseen: 'Actions' }]}
        >
          {list.map((passkey) => (
            <Row key={passkey.id} passkey={passkey} />
          ))}
        </Table>
      )}
      <AddPasskey open={adding} onClose={() => setAdding(false)} />
    </Panel>
  );
}

function Row({ passkey }: { readonly passkey: Passkey }): ReactNode {
  const { id, label, site, createdMs, usedMs } = passkey;
  const remove = useChange('removePasskey');
  return (
    <tr>
      <td className={`${td} min-w-36 font-medium`}>
        <Foreign>{label}</Foreign>
      </td>
      <td className={td}>
        {site} {site === location.hostname ? null : <Badge tone="warn">another address</Badge>}
      </td>
      <td className={`${td} text-soft`}>{moment(createdMs)}</td>
      <td className={`${td} text-soft`}>{usedMs === null ? 'never' : moment(usedMs)}</td>
      <td className={`${td} text-right whitespace-nowrap`}>
        <SureButton
          label="Remove"
          unseen={`Remove ${visible(label)}`}
          asks={`Remove ${visible(label)}?`}
          says="It opens this console no more, and your other sessions end. The device may still offer it: remove it there too."
          does="Remove it"
          onSure={() => remove.mutateAsync({ params: { id } })}
        />
      </td>
    </tr>
  );
}
