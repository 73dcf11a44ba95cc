import type { Era } from './message.ts';

export type Direction = 'client-to-server' | 'server-to-client';

/** Who rules a method: the policy's part, or the gateway itself (`local`), or nobody (`relay`). */
export type Ruling =
  | 'tool-call'
  | 'tool-list'
  | 'resource'
  | 'prompt'
  | 'completion'
  | 'sampling'
  | 'elicitation'
  | 'roots'
  | 'task'
  | 'logging'
  | 'subscription'
  | 'lifecycle'
  | 'discover'
  | 'cancel'
  | 'progress'
  | 'list-changed'
  | 'relay';

export interface MethodRule {
  readonly method: string;
  readonly direction: Direction;
  readonly kind: 'request' | 'notification';
  readonly eras: readonly Era[];
  readonly ruled: Ruling;
  /** The member of `params` that `Mcp-Name` mirrors in the modern era, or null. */
  readonly nameParam: 'name' | 'uri' | 'taskId' | null;
}

export declare function ruleFor(method: string, direction: Direction, era: Era): MethodRule | null;
