import { useState, type ReactNode } from 'react';

import { useChange } from '../api/queries.ts';
import { Button, Field, Input, Modal, Problem } from '../ui/kit.tsx';

/** Lets somebody choose another password; their other sessions end. */
export function PasswordButton(): ReactNode {
  const [open, setOpen] = useState(false);
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = useChange('changePassword');
  const close = (): void => {
    setOpen(false);
    setCurrent('');
    setNext('');
    change.reset();
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>Change it</Button>
      <Modal open={open} onClose={close} title="Another password">
        <form
          className="space-y-4"
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate({ input: { current, password: next } }, { onSuccess: close });
          }}
        >
          <Field label="Password now">
            <Input
              type="password"
              autoComplete="current-password"
              required
              value={current}
              onChange={(event) => setCurrent(event.target.value)}
            />
          </Field>
          <Field
            label="New password"
            hint="At least 10 characters. Your other sessions end; this one stays."
          >
            <Input
              type="password"
              autoComplete="new-password"
              minLength={10}
              required
              value={next}
              onChange={(event) => setNext(event.target.value)}
            />
          </Field>
          <Problem error={change.error} />
          <div className="flex justify-end">
            <Button tone="primary" type="submit" disabled={change.isPending}>
              Change the password
            </Button>
          </div>
        </form>
      </Modal>
    </>
  );
}
