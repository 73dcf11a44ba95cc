import type { ReactNode } from 'react';

/** Why passkeys do not work on this page, and how to go on; null where they do. */
export function whyNoPasskey(): ReactNode {
  const { hostname, port } = location;
  if (/^(127\.[\d.]+|\[::1\])$/.test(hostname)) {
    const local = `http://localhost${port === '' ? '' : `:${port}`}/console/`;
    return (
      <>
        A passkey belongs to a name, and this page was opened by an address. Open{' '}
        <a className="text-accent underline" href={local}>
          {local}
        </a>{' '}
        instead: it is the same console, and you sign in there once more.
      </>
    );
  }
  if (/^(\d+\.){3}\d+$|^\[/.test(hostname)) {
    return 'A passkey belongs to a name, and this page was opened by an address. Open the console by its host name, over https.';
  }
  if (!isSecureContext) {
    return 'Passkeys need https. Put the gateway behind a proxy that ends TLS, and open it by an https address.';
  }
  if (typeof PublicKeyCredential === 'undefined') {
    return 'This browser has no passkeys. Use a newer one, or your password.';
  }
  return null;
}
