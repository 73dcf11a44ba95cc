import type { Category, Risk } from '../policy/request.ts';
import type { Signal } from './tool.ts';

const classRisks: Readonly<Record<Category, Risk>> = {
  Read: 'Low',
  Write: 'Medium',
  Execute: 'High',
  Destructive: 'Critical',
  Financial: 'Critical',
  Unclassified: 'High',
};
const order: readonly Risk[] = ['Low', 'Medium', 'High', 'Critical'];

/** The risk of a category by itself, before any signal. */
export function classRiskOf(category: Category): Risk {
  return classRisks[category];
}

/** The risk after the signals. They can only raise it: the result is never below `risk`. */
export function raise(risk: Risk, signals: readonly Signal[]): Risk {
  let level = order.indexOf(risk);
  for (const { atLeast } of signals) level = Math.max(level, order.indexOf(atLeast));
  return order[level] ?? 'Critical';
}
