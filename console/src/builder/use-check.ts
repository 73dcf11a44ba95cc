import { useEffect, useState } from 'react';

import { ask } from '../api/client.ts';
import type { Remark } from './editor.tsx';

const pauseMs = 250;

/** What the parser and the linter say of a text, a moment after it was last changed. */
export function useCheck(
  text: string,
  server: string | null,
): { readonly remarks: readonly Remark[]; readonly loads: boolean } {
  const [said, setSaid] = useState<{
    readonly remarks: readonly Remark[];
    readonly loads: boolean;
  }>({ remarks: [], loads: false });
  useEffect(() => {
    const gone = new AbortController();
    const timer = setTimeout(() => {
      const input = { document: text, server };
      void ask('checkPolicy', { input, signal: gone.signal })
        .then(({ ok, problems, warnings }) => {
          const errors = problems.map((one) => ({ ...one, severity: 'error' as const }));
          const advice = warnings.map((one) => ({ ...one, severity: 'warning' as const }));
          setSaid({ remarks: [...errors, ...advice], loads: ok });
        })
        .catch(() => null);
    }, pauseMs);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [text, server]);
  return said;
}
