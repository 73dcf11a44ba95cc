import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { ask } from '../api/client.ts';
import { reading } from '../api/queries.ts';
import { Button, Problem } from '../ui/kit.tsx';
import { nextKey } from './gate.tsx';

/** Leads to the OpenID provider, where there is one, or says that it does not answer. */
export function OidcSignIn(): ReactNode {
  const { data, refetch, isFetching } = useQuery(reading('getSignInWays'));
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const oidc = data?.oidc ?? null;
  if (oidc === null) return null;
  const go = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const { url } = await ask('beginOidcSignIn', { input: {} });
      sessionStorage.setItem(nextKey, new URLSearchParams(location.search).get('next') ?? '/');
      location.assign(url);
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <div className="mt-3 space-y-3">
      {oidc.reachable ? (
        <Button className="w-full" disabled={busy} onClick={() => void go()}>
          Continue with {oidc.name}
        </Button>
      ) : (
        <>
          <Button className="w-full" disabled={isFetching} onClick={() => void refetch()}>
            {isFetching ? `Asking ${oidc.name}…` : `Ask ${oidc.name} again`}
          </Button>
          <p role="status" className="text-sm text-soft">
            {oidc.name} does not answer now. Sign in by your password, or ask again in a minute.
          </p>
        </>
      )}
      <Problem error={error} />
    </div>
  );
}
