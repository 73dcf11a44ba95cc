import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';

import { ApiError } from '../api/client.ts';
import { reading, useChange } from '../api/queries.ts';
import { Button, Field, Input, Problem } from '../ui/kit.tsx';
import { Difference } from './changes.tsx';
import type { Whole } from './versions.tsx';

interface SaveProps {
  readonly name: string;
  readonly text: string;
  readonly basis: number;
  readonly server: string | null;
  readonly onSaved: (saved: Whole) => void;
}

/** What the draft changes, once more, and the save: the second of two people is told. */
export function Save({ name, text, basis, server, onSaved }: SaveProps): ReactNode {
  const save = useChange('savePolicy');
  const read = useQuery({
    ...reading('getPolicy', { params: { name } }),
    enabled: false,
    retry: false,
  });
  const conflict = save.error instanceof ApiError && save.error.status === 409;
  const submit = async (): Promise<void> => {
    await save.mutateAsync({ params: { name }, input: { document: text, basis } });
    const saved = await read.refetch();
    if (saved.data !== undefined) onSaved(saved.data);
  };
  return (
    <div className="space-y-4">
      {server === null ? null : <Difference text={text} policy={name} server={server} />}
      <p className="text-sm text-soft">
        It is in force for the next call of every grant that uses {name}, as version {basis + 1}.
      </p>
      <Problem error={save.error} />
      {conflict ? (
        <p className="text-sm">
          Your draft is kept here: copy it under another name, or load the page and make the change
          again.
        </p>
      ) : null}
      <div className="flex justify-end">
        <Button
          tone="primary"
          disabled={save.isPending}
          onClick={() => void submit().catch(() => null)}
        >
          Save version {basis + 1}
        </Button>
      </div>
    </div>
  );
}

/** Saves the draft under another name. */
export function Copy({
  text,
  server,
}: {
  readonly text: string;
  readonly server: string | null;
}): ReactNode {
  const [name, setName] = useState('');
  const save = useChange('savePolicy');
  const navigate = useNavigate();
  const submit = async (): Promise<void> => {
    await save.mutateAsync({ params: { name }, input: { document: text, basis: 0 } });
    await navigate({
      to: '/policies/$name',
      params: { name },
      search: { server: server ?? undefined },
    });
  };
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        void submit().catch(() => null);
      }}
    >
      <Field
        label="Name of the copy"
        hint="It is saved as a new policy, which you can edit here and put on grants."
      >
        <Input
          value={name}
          onChange={(event) => setName(event.target.value)}
          required
          autoFocus
          pattern="[a-z0-9][a-z0-9\-]{0,31}"
        />
      </Field>
      <Problem error={save.error} />
      <div className="flex justify-end">
        <Button tone="primary" type="submit" disabled={save.isPending}>
          Save the copy
        </Button>
      </div>
    </form>
  );
}
