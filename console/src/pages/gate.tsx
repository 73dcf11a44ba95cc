import type { ReactNode } from 'react';

import { Mark } from '../ui/mark.tsx';

/** Loads the page that one wanted to, so that nothing is kept of when nobody was signed in. */
export function enter(): void {
  enterAt(new URLSearchParams(location.search).get('next') ?? '/');
}

/** Where the page that one wanted to is kept while one is at an OpenID provider. */
export const nextKey = 'portcullis.next';

/** Loads a page of the console. */
export function enterAt(next: string): void {
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
          <Mark size="size-9" lines={1.3} />
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
