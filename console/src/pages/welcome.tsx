import { useState, type ReactNode } from 'react';

import { ask } from '../api/client.ts';
import { Button, Field, Input, Problem } from '../ui/kit.tsx';
import { enter, Gate } from './gate.tsx';

/** Chooses a password by a one-time link. Its token stands behind `#`, which no server is sent. */
export function Welcome(): ReactNode {
  const [token = '', named = ''] = location.hash.slice(1).split('.');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (form: FormData): Promise<void> => {
    const field = (name: string): string => String(form.get(name) ?? '');
    if (field('password') !== field('again')) return setError('the two passwords differ');
    setBusy(true);
    setError(null);
    try {
      const input = { token, name: field('name'), password: field('password') };
      await ask('welcome', { input });
      enter();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  if (token === '') return <NoToken />;
  const invited = plain(named);
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
            defaultValue={invited}
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
          {invited === '' ? 'Make the account and sign in' : 'Choose it and sign in'}
        </Button>
      </form>
    </Gate>
  );
}

/** What somebody sees who was given half a link. */
function NoToken(): ReactNode {
  return (
    <Gate title="This link is not whole">
      <p className="text-sm">
        Something stands behind the # of a one-time link, and it is missing here. Copy the whole
        link as it was printed or sent to you, or ask an administrator for another one.
      </p>
      <a className="mt-4 inline-block text-sm text-accent hover:underline" href="/console/sign-in">
        To the sign-in
      </a>
    </Gate>
  );
}

/** Decoded; a text that is no encoding of anything is shown as it came. */
function plain(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
