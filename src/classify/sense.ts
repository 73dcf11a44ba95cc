import type { Category } from '../policy/request.ts';
import type { Act } from './act.ts';
import type { Context } from './context.ts';
import { verbSense } from './lexicon.ts';
import { actionNouns } from './nouns.ts';
import { moneyRules } from './rules-money.ts';
import { queryRules } from './rules-query.ts';
import { workRules } from './rules-work.ts';
import { fits } from './sense-rule.ts';

/** What an act comes to once its object and its field are known. */
export interface Sense {
  readonly category: Category;
  readonly strength: number;
  readonly rule: string;
}

// Precedence: what is asked of a database, then money, then everything else.
const rules = [...queryRules, ...moneyRules, ...workRules];
// The rules that speak about a verb, in the same order.
const rulesByVerb = Map.groupBy(
  rules.flatMap((rule) => [...rule.verbs].map((verb) => ({ verb, rule }))),
  ({ verb }) => verb,
);

/** The meaning of an act: the first rule that fits, else the verb's own sense, else null. */
export function senseOf(act: Act, context: Context): Sense | null {
  for (const { rule } of rulesByVerb.get(act.verb) ?? []) {
    if (!fits(rule, act, context)) continue;
    return { category: rule.category, strength: rule.strength, rule: rule.id };
  }
  const carried = carriedSense(act);
  if (carried !== null) return carried;
  const sense = verbSense(act.verb);
  return sense === undefined ? null : { ...sense, rule: 'verb' };
}

const carriers = new Set('perform conduct initiate make do request'.split(' '));
const runs = new Set(['run', 'execute']);

// "Initiate a login", "request a deletion": the noun says what is done.
function carriedSense(act: Act): Sense | null {
  const verb = actionNouns.get(act.head);
  const sense = verb === undefined ? undefined : verbSense(verb);
  if (sense === undefined) return null;
  const told = carriers.has(act.verb) || (runs.has(act.verb) && sense.category === 'Destructive');
  return told ? { ...sense, rule: 'carried-by-noun' } : null;
}
