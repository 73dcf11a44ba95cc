import { useCallback, useReducer } from 'react';

/** The text of a document, and the way back through what it was. */
export interface History {
  readonly text: string;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Texts that follow each other quickly under one `group` are undone together. */
  readonly set: (text: string, group?: string) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  /** Begins anew: there is no way back before it. */
  readonly reset: (text: string) => void;
}

interface Kept {
  readonly past: readonly string[];
  readonly text: string;
  readonly future: readonly string[];
  readonly group: string | null;
}

type Step =
  | { readonly kind: 'set'; readonly text: string; readonly group: string | null }
  | { readonly kind: 'undo' | 'redo' }
  | { readonly kind: 'reset'; readonly text: string };

const stepsMax = 200;

function step(kept: Kept, next: Step): Kept {
  const { past, text, future } = kept;
  switch (next.kind) {
    case 'set': {
      if (next.text === text) return kept;
      const joined = next.group !== null && next.group === kept.group;
      const before = joined ? past : [...past, text].slice(-stepsMax);
      return { past: before, text: next.text, future: [], group: next.group };
    }
    case 'undo': {
      const last = past.at(-1);
      if (last === undefined) return kept;
      return { past: past.slice(0, -1), text: last, future: [text, ...future], group: null };
    }
    case 'redo': {
      const [first, ...rest] = future;
      if (first === undefined) return kept;
      return { past: [...past, text], text: first, future: rest, group: null };
    }
    case 'reset':
      return { past: [], text: next.text, future: [], group: null };
  }
}

export function useHistory(first: string): History {
  const [kept, dispatch] = useReducer(step, { past: [], text: first, future: [], group: null });
  return {
    text: kept.text,
    canUndo: kept.past.length > 0,
    canRedo: kept.future.length > 0,
    set: useCallback(
      (text: string, group?: string) => dispatch({ kind: 'set', text, group: group ?? null }),
      [],
    ),
    undo: useCallback(() => dispatch({ kind: 'undo' }), []),
    redo: useCallback(() => dispatch({ kind: 'redo' }), []),
    reset: useCallback((text: string) => dispatch({ kind: 'reset', text }), []),
  };
}
