import type { Approval, Via } from './approval.ts';
import type { Standing, StandingWish } from './standing.ts';

/** What asking came to. */
export type Asked =
  | { readonly kind: 'standing'; readonly standing: Standing }
  | { readonly kind: 'approval'; readonly approval: Approval }
  | {
      readonly kind: 'refused';
      readonly code: 'approval-cap' | 'approval-size' | 'approval-unavailable';
      readonly retryAfterMs: number | null;
    };

/** The exact arguments of a held call. */
export interface ExactArguments {
  readonly exact: string;
  /** Top-level name -> exact text of its value. */
  readonly values: ReadonlyMap<string, string>;
}

/** A person's answer. */
export interface Answer {
  readonly answer: 'allow' | 'deny';
  readonly via: Via;
  readonly comment: string | null;
  /** With an allow: also every call of this shape, for a while. */
  readonly standing: StandingWish | null;
}

/** Why a call may not go out on an approval. */
export type UseProblem = 'gone' | 'denied' | 'changed' | 'unavailable';

/** What became of an approval that a call waits for. */
export type Watcher = (change: Approval | 'stopping') => void;

/** The longest comment that is kept, in characters. */
export const commentMax = 500;
