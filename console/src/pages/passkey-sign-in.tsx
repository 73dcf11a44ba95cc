import { useState, type ReactNode } from 'react';

import { ask } from '../api/client.ts';
import { Button, Problem } from '../ui/kit.tsx';
import { whyNoPasskey } from './passkey-support.tsx';

/** Signs in with a passkey that the browser finds, or says why that cannot be here. */
export function PasskeySignIn({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(false);
  const unable = whyNoPasskey();
  const signIn = async (): Promise<void> => {
    setAsked(true);
    if (unable !== null) return;
    setBusy(true);
    setError(null);
    try {
      // Loaded when it is first needed, not with the page.
      const { usePasskey } = await import('./passkey-browser.ts');
      const { options } = await ask('beginPasskeySignIn', { input: {} });
      const response = await usePasskey(options);
      await ask('signInByPasskey', { input: { response } });
      onDone();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="mt-4 space-y-3 border-t border-line pt-4">
      <Button className="w-full" disabled={busy} onClick={() => void signIn()}>
        {busy ? 'Waiting for the browser…' : 'Use a passkey'}
      </Button>
      <Problem error={error} />
      {asked && unable !== null ? (
        <p role="alert" className="text-sm text-soft">
          {unable}
        </p>
      ) : null}
    </div>
  );
}
