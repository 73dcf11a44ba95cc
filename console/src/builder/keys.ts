import { useEffect } from 'react';

import type { History } from './history.ts';

/** Undo, redo, and `/` for the search, wherever the focus is but in a text. */
export function useUndoKeys({ undo, redo }: Pick<History, 'undo' | 'redo'>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const target = event.composedPath()[0];
      const typing =
        target instanceof HTMLElement && target.closest('textarea, .cm-editor') !== null;
      if (event.key === '/' && !typing && !(target instanceof HTMLInputElement)) {
        document.querySelector<HTMLInputElement>('[data-search]')?.focus();
        event.preventDefault();
      }
      if (!(event.ctrlKey || event.metaKey) || typing) return;
      const key = event.key.toLowerCase();
      if (key !== 'z' && key !== 'y') return;
      event.preventDefault();
      if (key === 'y' || event.shiftKey) redo();
      else undo();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [undo, redo]);
}

/** A draft is not lost by a slip. */
export function useLeaveWarning(on: boolean): void {
  useEffect(() => {
    if (!on) return undefined;
    const leave = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', leave);
    return () => removeEventListener('beforeunload', leave);
  }, [on]);
}
