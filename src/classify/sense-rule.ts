import type { Category } from '../policy/request.ts';
import { concerns } from './act.ts';
import type { Act } from './act.ts';
import type { Context } from './context.ts';
import { words } from './lexicon.ts';

/** One general rule: for these verbs, on these objects, when the condition holds, this sense. */
export interface SenseRule {
  readonly id: string;
  readonly category: Category;
  readonly strength: number;
  readonly verbs: ReadonlySet<string>;
  /** Any of these must be among the act's objects; null when the objects do not matter. */
  readonly objects: ReadonlySet<string> | null;
  readonly when: ((act: Act, context: Context) => boolean) | null;
}

/** A set of words from a list written over several lines. */
export function setOf(list: string): ReadonlySet<string> {
  return new Set(words(list));
}

/** Makes a rule from lists of words. */
export function rule(
  id: string,
  sense: readonly [Category, number],
  on: {
    readonly verbs: string | ReadonlySet<string>;
    readonly objects?: string | ReadonlySet<string>;
    readonly when?: (act: Act, context: Context) => boolean;
  },
): SenseRule {
  const [category, strength] = sense;
  const verbs = typeof on.verbs === 'string' ? setOf(on.verbs) : on.verbs;
  const objects = typeof on.objects === 'string' ? setOf(on.objects) : (on.objects ?? null);
  return { id, category, strength, verbs, objects, when: on.when ?? null };
}

/** Whether the rule, which names the act's verb, speaks about this act in this field. */
export function fits(of: SenseRule, act: Act, context: Context): boolean {
  if (of.objects !== null && !concerns(act, of.objects)) return false;
  return of.when === null || of.when(act, context);
}
