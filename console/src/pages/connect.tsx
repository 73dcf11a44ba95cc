import { useState, type ReactNode } from 'react';

import type { Grant } from '../api/queries.ts';
import { Copyable } from '../ui/kit.tsx';
import { configurations } from './client-configuration.ts';

/** A grant and its token, which is in this answer and nowhere else. */
export interface Issued {
  readonly grant: Grant;
  readonly token: string;
}

/** The token, this once, and how each client is told of it. */
export function Connect({ issued }: { readonly issued: Issued }): ReactNode {
  const { grant, token } = issued;
  const clients = configurations({ origin: location.origin, label: grant.label, token });
  const [at, setAt] = useState(0);
  const client = clients[at];
  return (
    <div className="space-y-4">
      <p className="text-sm">The token is shown this once: only its hash is kept.</p>
      <Copyable text={token} label="Token" />
      <div role="tablist" aria-label="Client" className="flex flex-wrap gap-1">
        {clients.map(({ name }, index) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={at === index}
            className={`rounded-md px-3 py-1 text-sm ${at === index ? 'bg-accent-soft font-semibold text-accent' : 'text-soft hover:bg-paper'}`}
            onClick={() => setAt(index)}
          >
            {name}
          </button>
        ))}
      </div>
      {client === undefined ? null : (
        <>
          <p className="text-sm text-soft">{client.where}</p>
          <Copyable text={client.text} label={`Configuration for ${client.name}`} />
        </>
      )}
    </div>
  );
}
