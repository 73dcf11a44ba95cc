import { Dialog } from '@base-ui/react/dialog';
import {
  useMemo,
  useRef,
  type ButtonHTMLAttributes,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
} from 'react';

import { showUnseen } from '../../../src/base/unseen.ts';

/** Joins classes; what is false is left out. */
export function classes(...names: readonly (string | false | null | undefined)[]): string {
  return names.filter((name) => typeof name === 'string' && name !== '').join(' ');
}

type Tone = 'plain' | 'primary' | 'danger' | 'quiet';

const tones: Readonly<Record<Tone, string>> = {
  plain: 'border border-line-strong bg-panel hover:bg-paper text-ink',
  primary: 'border border-transparent bg-accent text-accent-ink hover:opacity-90',
  danger: 'border border-bad bg-bad-soft text-bad hover:opacity-90',
  quiet: 'border border-transparent text-soft hover:bg-paper hover:text-ink',
};

export function Button({
  tone = 'plain',
  className,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { readonly tone?: Tone }): ReactNode {
  return (
    <button
      type="button"
      {...rest}
      className={classes(
        'inline-flex min-h-8 items-center justify-center gap-1.5 rounded-md px-3 py-1 text-sm font-medium whitespace-nowrap disabled:opacity-50',
        tones[tone],
        className,
      )}
    />
  );
}

const boxed =
  'w-full min-h-8 rounded-md border border-line-strong bg-panel px-2.5 py-1 text-sm text-ink placeholder:text-soft';

export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>): ReactNode {
  return <input {...rest} className={classes(boxed, className)} />;
}

export function Select({ className, ...rest }: SelectHTMLAttributes<HTMLSelectElement>): ReactNode {
  return <select {...rest} className={classes(boxed, className)} />;
}

/** A field with its label above and, where it helps, a hint below. */
export function Field({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <div>
      <label className="block">
        <span className="mb-1 block text-xs font-medium text-soft">{label}</span>
        {children}
      </label>
      {hint === undefined ? null : <p className="mt-1 text-xs text-soft">{hint}</p>}
    </div>
  );
}

export type BadgeTone = 'neutral' | 'good' | 'warn' | 'bad' | 'accent' | 'violet';

const badgeTones: Readonly<Record<BadgeTone, string>> = {
  neutral: 'bg-paper text-soft border-line',
  good: 'bg-good-soft text-good border-transparent',
  warn: 'bg-warn-soft text-warn border-transparent',
  bad: 'bg-bad-soft text-bad border-transparent',
  accent: 'bg-accent-soft text-accent border-transparent',
  violet: 'bg-violet-soft text-violet border-transparent',
};

export function Badge({
  tone = 'neutral',
  title,
  children,
}: {
  readonly tone?: BadgeTone;
  readonly title?: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <span
      title={title}
      className={classes(
        'inline-flex items-center rounded border px-1.5 py-px text-xs font-medium whitespace-nowrap',
        badgeTones[tone],
      )}
    >
      {children}
    </span>
  );
}

const riskTones: Readonly<Record<string, BadgeTone>> = {
  Low: 'neutral',
  Medium: 'accent',
  High: 'warn',
  Critical: 'bad',
};

const categoryTones: Readonly<Record<string, BadgeTone>> = {
  Read: 'good',
  Write: 'accent',
  Execute: 'warn',
  Destructive: 'bad',
  Financial: 'violet',
  Unclassified: 'neutral',
};

export function RiskBadge({ risk }: { readonly risk: string }): ReactNode {
  return <Badge tone={riskTones[risk] ?? 'bad'}>{risk}</Badge>;
}

export function CategoryBadge({ category }: { readonly category: string }): ReactNode {
  return <Badge tone={categoryTones[category] ?? 'neutral'}>{category}</Badge>;
}

/** Text that a server, an agent or a person elsewhere wrote: shown as text, never in our direction. */
export function Foreign({
  children,
  mono = false,
  className,
}: {
  readonly children: string;
  readonly mono?: boolean;
  readonly className?: string;
}): ReactNode {
  return (
    <bdi className={classes('foreign', mono && 'font-mono text-[0.92em]', className)}>
      {visible(children)}
    </bdi>
  );
}

/** A sentence of the gateway: what it has between backticks is code, and foreign like the rest. */
export function Sentence({ children }: { readonly children: string }): ReactNode {
  // What stands at odd places was between two backticks.
  const parts = children.split(/`([^`]+)`/);
  return parts.map((part, index) =>
    part === '' ? null : (
      <Foreign key={index} mono={index % 2 === 1}>
        {part}
      </Foreign>
    ),
  );
}

const shownMax = 4_000;

/** Text in which everything is seen, cut where it is too long to be read. */
export function visible(text: string): string {
  const cut =
    text.length > shownMax ? `${text.slice(0, shownMax)}… (${text.length} characters)` : text;
  return showUnseen(cut);
}

export function Panel({
  title,
  actions,
  children,
  className,
}: {
  readonly title?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}): ReactNode {
  return (
    <section className={classes('rounded-lg border border-line bg-panel', className)}>
      {title === undefined ? null : (
        <header className="flex min-h-11 flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-2">
          <h2 className="text-sm font-semibold">{title}</h2>
          <div className="flex flex-wrap items-center gap-2">{actions}</div>
        </header>
      )}
      {children}
    </section>
  );
}

/** What a page says where there is nothing yet: what it is for, and the next step. */
export function Empty({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}): ReactNode {
  return (
    <div className="mx-auto max-w-md px-6 py-12 text-center">
      <p className="text-base font-semibold">{title}</p>
      <div className="mt-2 text-sm text-soft">{children}</div>
      {action === undefined ? null : <div className="mt-4 flex justify-center gap-2">{action}</div>}
    </div>
  );
}

/** The page's heading. */
export function Heading({
  title,
  lead,
  actions,
}: {
  readonly title: ReactNode;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
}): ReactNode {
  return (
    <div className="mb-5 flex flex-wrap items-start justify-between gap-3">
      <div className="min-w-0">
        <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        {lead === undefined ? null : <p className="mt-0.5 max-w-3xl text-sm text-soft">{lead}</p>}
      </div>
      <div className="flex flex-wrap items-center gap-2">{actions}</div>
    </div>
  );
}

export function Problem({ error }: { readonly error: unknown }): ReactNode {
  if (error === null || error === undefined) return null;
  const message = error instanceof Error ? error.message : String(error);
  return (
    <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
      <Sentence>{message}</Sentence>
    </p>
  );
}

/** A question in front of the page; the focus stays in it until it is answered. */
export function Modal({
  open,
  onClose,
  title,
  children,
  describedBy,
  wide = false,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
  /** The id of the text that a screen reader says with the title. */
  readonly describedBy?: string;
  readonly wide?: boolean;
}): ReactNode {
  // Taken before a field of the dialog takes the keyboard: this is where it goes back to.
  const opener = useMemo(() => (open ? document.activeElement : null), [open]);
  const back = useRef<HTMLElement | null>(null);
  if (opener instanceof HTMLElement) back.current = opener;
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/45" />
        <Dialog.Popup
          aria-describedby={describedBy}
          finalFocus={back}
          className={classes(
            'fixed top-1/2 left-1/2 z-50 flex max-h-[90vh] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-xl border border-line bg-raised shadow-2xl',
            wide ? 'max-w-3xl' : 'max-w-lg',
          )}
        >
          <header className="flex items-center justify-between border-b border-line px-5 py-3">
            <Dialog.Title className="text-base font-semibold">{title}</Dialog.Title>
            <Dialog.Close
              className="rounded px-2 text-lg leading-none text-soft hover:text-ink"
              aria-label="Close"
            >
              ×
            </Dialog.Close>
          </header>
          <div className="overflow-y-auto px-5 py-4" tabIndex={-1}>
            {children}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/**
 * A table that is wider than the window is scrolled by itself, by the keyboard too. What is placed
 * in it, unseen text of a heading for one, is cut off with it and does not widen the page.
 */
export function Scrolled({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <div className="relative overflow-x-auto" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}

const cell = 'px-3 py-2 first:pl-4 last:pr-4 xl:px-4';
export const th: string = `${cell} text-left text-xs font-medium whitespace-nowrap text-soft`;
export const td: string = `${cell} align-top`;

/** A text to take along, with a button that takes it. */
export function Copyable({
  text,
  label,
}: {
  readonly text: string;
  readonly label: string;
}): ReactNode {
  return (
    <div className="relative rounded-md border border-line bg-paper">
      <pre
        className="max-h-72 overflow-auto p-3 pr-20 font-mono text-xs whitespace-pre-wrap break-all"
        tabIndex={0}
        aria-label={label}
      >
        {text}
      </pre>
      <Button
        className="absolute top-1.5 right-1.5"
        onClick={(event) => {
          const button = event.currentTarget;
          void navigator.clipboard.writeText(text).then(() => {
            button.textContent = 'Copied';
          });
        }}
      >
        Copy
      </Button>
    </div>
  );
}
