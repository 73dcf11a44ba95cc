import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { ask } from '../api/client.ts';
import { sessionQuery } from '../api/queries.ts';
import { Button, Field, Input, Problem } from '../ui/kit.tsx';
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

/** Loads the page that one wanted to, so that nothing is kept of when nobody was signed in. */
export function enter(): void {
  const next = new URLSearchParams(location.search).get('next') ?? '/';
  // A path of the console, whatever the address says: nothing leads elsewhere.
  const safe = /^\/(?![/\\])[\w\-/.]*$/.test(next) ? next.replace(/^\/console/, '') || '/' : '/';
  location.assign(`/console${safe}`);
}

/** The frame of pages for whoever is not signed in. */
export function Gate({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <main className="grid min-h-full place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center justify-center gap-3">
          <svg
            viewBox="0 0 16 16"
            className="size-9 text-accent"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.3"
            aria-hidden
          >
            <path d="M2 15V7a6 6 0 0 1 12 0v8M6 2v13M10 2v13M2 8h12" />
          </svg>
          <span className="text-2xl font-semibold tracking-tight">Portcullis</span>
        </div>
        <div className="rounded-xl border border-line bg-panel p-6 shadow-sm">
          <h1 className="mb-4 text-lg font-semibold">{title}</h1>
          {children}
        </div>
        <p className="mt-4 text-center text-xs text-soft">
          Every call of an agent is checked against a policy before it reaches a server.
        </p>
      </div>
    </main>
  );
}
