import { useEffect, useState, type ReactNode } from 'react';

import { ask } from '../api/client.ts';
import { Problem } from '../ui/kit.tsx';
import { enterAt, Gate, nextKey } from './gate.tsx';

/** As it was before the router, which writes what it reads in a form of its own. */
const returnedWith = location.search;

/** Where an OpenID provider sends the browser back to. */
export function SignedIn(): ReactNode {
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    // What the provider sent is good once: it need not stay in the address.
    history.replaceState(null, '', location.pathname);
    const next = sessionStorage.getItem(nextKey) ?? '/';
    sessionStorage.removeItem(nextKey);
    const end = async (): Promise<void> => {
      await ask('signInByOidc', { input: { query: returnedWith } });
      enterAt(next);
    };
    end().catch(setError);
  }, []);
  return (
    <Gate title={error === null ? 'Signing in' : 'You are not signed in'}>
      {error === null ? (
        <p role="status" className="text-sm text-soft">
          One moment…
        </p>
      ) : (
        <div className="space-y-4">
          <Problem error={error} />
          <a className="inline-block text-sm text-accent hover:underline" href="/console/sign-in">
            Back to the sign-in
          </a>
        </div>
      )}
    </Gate>
  );
}
