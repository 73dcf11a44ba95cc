import type { ReactNode } from 'react';

import { Button, Problem } from './kit.tsx';

/** Fields, why the last try failed, and the button that tries; the browser never sends it itself. */
export function Form({
  onSubmit,
  error,
  submit,
  disabled,
  onCancel,
  children,
}: {
  /** What it rejects with is shown by `error`, not here. */
  readonly onSubmit: (form: FormData) => unknown;
  readonly error: unknown;
  /** The label of the button. */
  readonly submit: string;
  readonly disabled: boolean;
  readonly onCancel?: () => void;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        const done = onSubmit(new FormData(event.currentTarget));
        if (done instanceof Promise) done.catch(() => null);
      }}
    >
      {children}
      <Problem error={error} />
      <div className="flex justify-end gap-2">
        {onCancel === undefined ? null : <Button onClick={onCancel}>Cancel</Button>}
        <Button tone="primary" type="submit" disabled={disabled}>
          {submit}
        </Button>
      </div>
    </form>
  );
}

/** A field of a form, without the spaces around what was typed. */
export function fieldOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
