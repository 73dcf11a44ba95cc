import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { ask } from '../api/client.ts';
import { fieldOf, Form } from '../ui/form.tsx';
import { Field, Input, Modal } from '../ui/kit.tsx';
import { whyNoPasskey } from './passkey-support.tsx';

/** Asks for a name and the password, then has the browser make a passkey. */
export function AddPasskey({
  open,
  onClose,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
}): ReactNode {
  const client = useQueryClient();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const unable = whyNoPasskey();
  const close = (): void => {
    setError(null);
    onClose();
  };
  const submit = async (form: FormData): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      // Loaded when it is first needed: most visits never are.
      const { createPasskey } = await import('./passkey-browser.ts');
      // Spaces are part of a password.
      const input = { password: String(form.get('password') ?? '') };
      const { options } = await ask('beginPasskey', { input });
      const response = await createPasskey(options);
      await ask('addPasskey', { input: { label: fieldOf(form, 'label'), response } });
      await client.invalidateQueries({ queryKey: ['listPasskeys'] });
      close();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal open={open} onClose={close} title="Add a passkey">
      {unable === null ? (
        <Form
          onSubmit={submit}
          error={error}
          submit={busy ? 'Waiting for the browser…' : 'Add it'}
          disabled={busy}
        >
          <Field label="Name" hint="For yourself, to know it among others: work laptop, blue key.">
            <Input name="label" required maxLength={64} autoFocus autoComplete="off" />
          </Field>
          <Field label="Your password" hint="Your browser asks for the passkey next.">
            <Input name="password" type="password" autoComplete="current-password" required />
          </Field>
        </Form>
      ) : (
        <p className="text-sm">{unable}</p>
      )}
    </Modal>
  );
}
