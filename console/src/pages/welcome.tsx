import { useState, type ReactNode } from 'react';

import { ask } from '../api/client.ts';
import { Button, Field, Input, Problem } from '../ui/kit.tsx';
import { enter, Gate } from './gate.tsx';

/** Chooses a password by a one-time link. Its token stands behind `#`, which no server is sent. */
export function Welcome(): ReactNode {
  const [token, invited = ''] = location.hash.slice(1).split('.');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (form: FormData): Promise<void> => {
    const field = (name: string): string => String(form.get(name) ?? '');
    if (field('password') !== field('again')) return setError('the two passwords differ');
    setBusy(true);
    setError(null);
    try {
      const input = { token: token ?? '', name: field('name'), password: field('password') };
      await ask('welcome', { input });
      enter();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Gate title={invited === '' ? 'Make the first account' : 'Choose a password'}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(new FormData(event.currentTarget));
        }}
      >
        <Field label="Name" hint="Small letters, digits, dots and dashes.">
          <Input
            name="name"
            autoComplete="username"
            required
            autoFocus={invited === ''}
            defaultValue={decodeURIComponent(invited)}
            readOnly={invited !== ''}
            pattern="[a-z0-9][a-z0-9._\-]{0,63}"
          />
        </Field>
        <Field label="Password" hint="At least 10 characters; a sentence is easier than signs.">
          <Input
            name="password"
            type="password"
            autoComplete="new-password"
            minLength={10}
            required
          />
        </Field>
        <Field label="The password again">
          <Input name="again" type="password" autoComplete="new-password" minLength={10} required />
        </Field>
        <Problem error={error} />
        <Button tone="primary" type="submit" className="w-full" disabled={busy}>
          {invited === '' ? 'Make the account and sign in' : 'Sign in'}
        </Button>
      </form>
    </Gate>
  );
}
