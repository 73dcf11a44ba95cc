import { useEffect, useId, useRef, useState, type ReactNode } from 'react';

import { Button, Modal, Problem } from './kit.tsx';

interface Question {
  /** The question, with a question mark. */
  readonly asks: string;
  /** What it costs. */
  readonly says: ReactNode;
  /** The label of the button that does it. */
  readonly does: string;
  /** What it rejects with is shown, and the question stays. */
  readonly onSure: () => Promise<unknown>;
}

/**
 * A button for what cannot be taken back: it asks once, in front of the page. The keyboard is at
 * Cancel then, Escape cancels too, and afterwards it is where it was. What is done is what was
 * asked, whatever is read meanwhile; once it is under way it is not cancelled any more.
 */
export function SureButton({
  label,
  unseen,
  tone = 'quiet',
  disabled = false,
  ...now
}: Question & {
  readonly label: string;
  /** Says of what, to whoever does not see the row that the button is in. */
  readonly unseen?: string;
  readonly tone?: 'quiet' | 'plain' | 'danger';
  readonly disabled?: boolean;
}): ReactNode {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [asked, setAsked] = useState<Question | null>(null);
  const cost = useId();
  // Times it was asked: a question that was left is not told how its request ended.
  const times = useRef(0);
  // The lists are read again while it is asked and before it is done: the row may be gone by then,
  // its button with it, and the keyboard would be nowhere.
  useEffect(
    () => () => {
      if (times.current > 0) setTimeout(focusPage);
    },
    [],
  );
  const question = asked ?? now;
  const ask = (): void => {
    times.current += 1;
    setAsked(now);
    setError(null);
    setOpen(true);
  };
  const close = (): void => setOpen(false);
  const go = (): void => {
    const time = times.current;
    setBusy(true);
    setError(null);
    void question
      .onSure()
      .then(close, (reason: unknown) => {
        if (time === times.current) setError(reason);
      })
      .finally(() => setBusy(false));
  };
  return (
    <>
      <Button
        tone={tone}
        disabled={disabled}
        aria-haspopup="dialog"
        aria-label={unseen}
        onClick={ask}
      >
        {label}
      </Button>
      <Modal open={open} onClose={close} title={question.asks} describedBy={cost}>
        <div className="space-y-4">
          <div id={cost} className="text-sm">
            {question.says}
          </div>
          <Problem error={error} />
          <div className="flex flex-wrap justify-end gap-2">
            <Button autoFocus onClick={close}>
              {busy ? 'Close' : 'Cancel'}
            </Button>
            <Button
              tone="danger"
              disabled={busy}
              // The second half of a double click on what opened the dialog is no answer to it.
              onClick={({ detail }) => (detail > 1 ? undefined : go())}
            >
              {question.does}
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
