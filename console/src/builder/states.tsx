import type { ReactNode } from 'react';

import { classes } from '../ui/kit.tsx';
import { states, type State } from './document.ts';

export const stateNames: Readonly<Record<State, string>> = {
  allow: 'Allow',
  limit: 'Limit',
  ask: 'Ask',
  deny: 'Deny',
  hide: 'Hide',
  custom: 'Custom',
};

/** The key of each state, while a tool has the focus. */
export const stateKeys: Readonly<Record<string, State>> = {
  a: 'allow',
  l: 'limit',
  s: 'ask',
  d: 'deny',
  h: 'hide',
  c: 'custom',
};

const chosenTones: Readonly<Record<State, string>> = {
  allow: 'bg-good-soft text-good',
  limit: 'bg-accent-soft text-accent',
  ask: 'bg-warn-soft text-warn',
  deny: 'bg-bad-soft text-bad',
  hide: 'bg-ink text-panel',
  custom: 'bg-violet-soft text-violet',
};

/** The six states of a rule, one of them chosen. `faint`: it is not this tool's own rule. */
export function StateButtons({
  label,
  state,
  faint = false,
  disabled = false,
  onChoose,
}: {
  readonly label: string;
  readonly state: State | null;
  readonly faint?: boolean;
  readonly disabled?: boolean;
  readonly onChoose: (state: State) => void;
}): ReactNode {
  return (
    <div
      role="group"
      aria-label={label}
      className="inline-flex overflow-hidden rounded-md border border-line-strong"
    >
      {states.map((one) => {
        const chosen = state === one;
        return (
          <button
            key={one}
            type="button"
            tabIndex={-1}
            disabled={disabled}
            aria-pressed={chosen}
            onClick={(event) => {
              event.stopPropagation();
              onChoose(one);
            }}
            className={classes(
              'border-r border-line px-2 py-1 text-xs font-medium last:border-r-0 disabled:opacity-60',
              chosen ? chosenTones[one] : 'text-soft hover:bg-paper hover:text-ink',
              chosen && faint && 'underline decoration-dotted underline-offset-4',
            )}
          >
            {stateNames[one]}
          </button>
        );
      })}
    </div>
  );
}
