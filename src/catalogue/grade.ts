import type { Classification } from '../classify/tool.ts';
import type { Posture } from './observation.ts';

export type Letter = 'A' | 'B' | 'C' | 'D' | 'E' | 'F';

/** One line of the formula: how many points were taken, and for what. */
export interface Deduction {
  readonly points: number;
  readonly why: string;
}

/** A server's grade with all that it is made of. */
export interface Grade {
  readonly letter: Letter;
  /** 0 to 100: 100 less the deductions. */
  readonly score: number;
  readonly deductions: readonly Deduction[];
}

/** What the formula looks at; counts are of tools. */
export interface Gradable {
  readonly classified: readonly Pick<Classification, 'category' | 'raisedRisk' | 'signals'>[];
  readonly suspicions: number;
  /** Tools without a description. */
  readonly silent: number;
  /** Estimated tokens of all definitions. */
  readonly tokens: number;
  readonly posture: Posture;
  /** Definitions that became riskier since they were first seen. */
  readonly riskier: number;
}

interface Term {
  readonly each: number;
  readonly most: number;
  readonly count: (server: Gradable) => number;
  readonly what: string;
}

const terms: readonly Term[] = [
  {
    each: 4,
    most: 24,
    count: (of) => withRisk(of, 'Critical'),
    what: 'tools that cannot be undone or move money',
  },
  { each: 2, most: 16, count: (of) => withRisk(of, 'High'), what: 'tools of high risk' },
  {
    each: 2,
    most: 12,
    count: (of) => of.classified.filter((tool) => tool.category === 'Unclassified').length,
    what: 'tools whose definition does not say what they do',
  },
  {
    each: 5,
    most: 15,
    count: falseHints,
    what: 'tools that call themselves read-only and are not',
  },
  {
    each: 25,
    most: 50,
    count: (of) => of.suspicions,
    what: 'passages that speak to the model instead of describing a tool',
  },
  { each: 1, most: 8, count: (of) => of.silent, what: 'tools without a description' },
  {
    each: 10,
    most: 30,
    count: (of) => of.riskier,
    what: 'definitions that became riskier since they were first seen',
  },
  {
    each: 20,
    most: 20,
    count: (of) => (of.posture.encrypted === false ? 1 : 0),
    what: 'a way to the server that is not encrypted',
  },
  {
    each: 15,
    most: 15,
    count: openToAnyone,
    what: 'a network server that changes things for whoever asks, without credentials',
  },
  {
    each: 3,
    most: 9,
    count: (of) => of.posture.asks.length,
    what: 'kinds of requests that the server puts to its clients',
  },
  {
    each: 2,
    most: 8,
    count: (of) => Math.floor(of.tokens / 10_000),
    what: 'times 10,000 tokens of definitions in every request',
  },
];

const floors: readonly (readonly [Letter, number])[] = [
  ['A', 90],
  ['B', 80],
  ['C', 65],
  ['D', 50],
  ['E', 35],
];

/** The formula in words, for the pages and the reference. */
export const gradeFormula: string =
  'score = 100 less the deductions; A from 90, B from 80, C from 65, D from 50, E from 35, else F';

/** Every term of the formula: what is counted, points for each, and the most that it can cost. */
export const gradeTerms: readonly Omit<Term, 'count'>[] = terms.map(({ each, most, what }) => ({
  each,
  most,
  what,
}));

/** Grades a server: pure, and the same for the same reading. */
export function gradeOf(server: Gradable): Grade {
  const deductions = terms.flatMap(({ each, most, count, what }) => {
    const counted = count(server);
    if (counted === 0) return [];
    return [{ points: Math.min(most, each * counted), why: `${counted} × ${what}` }];
  });
  const score = Math.max(0, 100 - deductions.reduce((sum, { points }) => sum + points, 0));
  const letter = floors.find(([, floor]) => score >= floor)?.[0] ?? 'F';
  return { letter, score, deductions };
}

function withRisk({ classified }: Gradable, risk: Classification['raisedRisk']): number {
  return classified.filter((tool) => tool.raisedRisk === risk).length;
}

// A tool that reads and does not say so claims too little; that is no fault.
function falseHints({ classified }: Gradable): number {
  const conflicts = classified.filter((tool) => tool.category !== 'Read');
  return conflicts.filter(({ signals }) => signals.some(({ id }) => id === 'hint-conflict')).length;
}

function openToAnyone({ posture, classified }: Gradable): number {
  const changes = classified.some((tool) => tool.category !== 'Read');
  return posture.transport === 'http' && posture.credentials === 'none' && changes ? 1 : 0;
}
