import { risks } from '../policy/document.ts';
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

/** The risk of a category by itself, before any signal. */
export function classRiskOf(category: Category): Risk {
  return classRisks[category];
}

/** The risk after the signals. They can only raise it: the result is never below `risk`. */
export function raise(risk: Risk, signals: readonly Signal[]): Risk {
  let level = risks.indexOf(risk);
  for (const { atLeast } of signals) level = Math.max(level, risks.indexOf(atLeast));
  return risks[level] ?? 'Critical';
}
