import type { Field } from './tool.ts';

/** Where in its text an act stands: the main verb, one joined to it, or a later sentence's. */
export type Role = 'main' | 'joined' | 'later';

/** Something that a text says the tool does: a verb, its object, and where that is written. */
export interface Act {
  readonly verb: string;
  readonly role: Role;
  readonly field: Field;
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly quote: string;
  /** The words that the verb governs, as written and in the singular. */
  readonly objects: ReadonlySet<string>;
  /** The last word of the object in the singular: what the others describe; empty when none. */
  readonly head: string;
  /** 0 to 1: how sure it is that the word is a verb here. */
  readonly sure: number;
}

/** Whether the act's object holds one of these words. */
export function concerns(act: Pick<Act, 'objects'>, list: ReadonlySet<string>): boolean {
  for (const word of act.objects) if (list.has(word)) return true;
  return false;
}
