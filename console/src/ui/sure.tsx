import { useEffect, useId, useRef, useState, type ReactNode } from 'react';

import { Button, Modal, Problem } from './kit.tsx';

/**
 * A button for what cannot be taken back: it asks once, in front of the page. The keyboard is at
 * Cancel then, Escape cancels too, and afterwards it is where it was.
 */
export function SureButton({
  label,
  unseen,
  asks,
  says,
  does,
  tone = 'quiet',
  disabled = false,
  onSure,
}: {
  readonly label: string;
  /** Says of what, to whoever does not see the row that the button is in. */
  readonly unseen?: string;
  /** The question, with a question mark. */
  readonly asks: string;
  /** What it costs. */
  readonly says: ReactNode;
  /** The label of the button that does it. */
  readonly does: string;
  readonly tone?: 'quiet' | 'plain' | 'danger';
  readonly disabled?: boolean;
  /** What it rejects with is shown, and the question stays. */
  readonly onSure: () => Promise<unknown>;
}): ReactNode {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const cost = useId();
  // The lists are read again before it is done: the row may be gone by then, its button with it,
  // and the keyboard would be nowhere.
  const tried = useRef(false);
  useEffect(
    () => () => {
      if (tried.current) setTimeout(focusPage);
    },
    [],
  );
  const close = (): void => {
    setOpen(false);
    setError(null);
  };
  const go = (): void => {
    tried.current = true;
    setBusy(true);
    setError(null);
    void onSure()
      .then(close, setError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <Button
        tone={tone}
        disabled={disabled}
        aria-haspopup="dialog"
        aria-label={unseen}
        onClick={() => setOpen(true)}
      >
        {label}
      </Button>
      <Modal open={open} onClose={close} title={asks} describedBy={cost}>
        <div className="space-y-4">
          <div id={cost} className="text-sm">
            {says}
          </div>
          <Problem error={error} />
          <div className="flex flex-wrap justify-end gap-2">
            <Button autoFocus onClick={close}>
              Cancel
            </Button>
            <Button tone="danger" disabled={busy} onClick={go}>
              {does}
            </Button>
          </div>
        </div>
      </Modal>
    </>
  );
}

function focusPage(): void {
  if (document.activeElement === document.body) document.querySelector('main')?.focus();
}
