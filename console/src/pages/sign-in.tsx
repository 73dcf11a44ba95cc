import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { ask } from '../api/client.ts';
import { sessionQuery } from '../api/queries.ts';
import { Button, Field, Input, Problem } from '../ui/kit.tsx';
import { enter, Gate } from './gate.tsx';
import { OidcSignIn } from './oidc-sign-in.tsx';
import { PasskeySignIn } from './passkey-sign-in.tsx';

/** Asks who one is. */
export function SignIn(): ReactNode {
  const session = useQuery(sessionQuery).data;
  const [byKey, setByKey] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const key = byKey || session?.setup === true;
  const submit = async (form: FormData): Promise<void> => {
    setBusy(true);
    setError(null);
    const field = (name: string): string => String(form.get(name) ?? '');
    const input = key
      ? { key: field('key') }
      : { name: field('name'), password: field('password') };
    try {
      await ask('signIn', { input });
      enter();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Gate title="Sign in">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(new FormData(event.currentTarget));
        }}
      >
        {session?.setup === true ? (
          <p className="rounded-md bg-accent-soft px-3 py-2 text-sm">
            Nobody has an account yet. Open the one-time link that the gateway printed when it
            started, or sign in with the operator key.
          </p>
        ) : null}
        {key ? (
          <Field
            label="Operator key"
            hint="It is in the file operator.key of the gateway's data folder."
          >
            <Input name="key" type="password" autoComplete="off" required autoFocus />
          </Field>
        ) : (
          <>
            <Field label="Name">
              <Input name="name" autoComplete="username" required autoFocus />
            </Field>
            <Field label="Password">
              <Input name="password" type="password" autoComplete="current-password" required />
            </Field>
          </>
        )}
        <Problem error={error} />
        <Button tone="primary" type="submit" className="w-full" disabled={busy}>
          Sign in
        </Button>
      </form>
      {key ? null : <PasskeySignIn onDone={enter} />}
      {byKey ? null : <OidcSignIn />}
      {session?.setup === true ? null : (
        <button
          type="button"
          className="mt-4 text-xs text-accent hover:underline"
          onClick={() => setByKey(!byKey)}
        >
          {byKey ? 'Sign in with a name and password' : 'Use the operator key instead'}
        </button>
      )}
    </Gate>
  );
}
