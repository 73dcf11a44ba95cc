import type { JsonObject } from '../base/strict-json.ts';
import type { TraceEntry } from './agent.ts';
import { isObject, jsonOf, numberOf, objectsOf, textOf, textsOf } from './json.ts';
import type { Way } from './replay.ts';
import type { Scored } from './scoreboard.ts';

/** One line of a trace that is kept: calls that went alike are one line. */
export interface KeptStep {
  readonly agent: string;
  readonly what: string;
  readonly arguments: string;
  readonly outcome: string;
  readonly rule: string;
  readonly times: number;
}

/** One run that is kept. */
export interface KeptRun {
  readonly way: string;
  readonly harmed: boolean;
  readonly worked: boolean;
  readonly steps: readonly KeptStep[];
}

/** The last replay on this installation. */
export interface LastRun {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly version: string;
  readonly entries: readonly {
    readonly slug: string;
    readonly faults: readonly string[];
    readonly runs: readonly KeptRun[];
  }[];
}

/** The file of a data folder that holds the last replay. */
export const lastRunFile = 'attack-run.json';

const argumentsMax = 240;

/** What is kept of a replay, as JSON text. */
export function keptRun(
  scored: readonly Scored[],
  about: { readonly atMs: number; readonly version: string },
): string {
  const entries = scored.map(({ attack, replay }) => ({
    slug: attack.slug,
    faults: replay.faults,
    runs: replay.runs.map(({ way, harmed, worked, trace }) => ({
      way,
      harmed,
      worked,
      steps: stepsOf(trace),
    })),
  }));
  return `${JSON.stringify({ ...about, entries })}\n`;
}

function stepsOf(trace: readonly TraceEntry[]): readonly KeptStep[] {
  const steps: KeptStep[] = [];
  for (const { agent, what, arguments: args, outcome, rule } of trace) {
    const text = args === null ? '' : JSON.stringify(args).slice(0, argumentsMax);
    const step = { agent, what, arguments: text, outcome, rule: rule ?? '', times: 1 };
    const last = steps.at(-1);
    if (last?.what === what && last.outcome === outcome && last.rule === step.rule) {
      steps[steps.length - 1] = { ...last, times: last.times + 1 };
    } else steps.push(step);
  }
  return steps;
}

/** Reads what was kept; null for what is no such file. */
export function readLastRun(text: string): LastRun | null {
  const value = jsonOf(text);
  if (!isObject(value)) return null;
  const entries = objectsOf(value, 'entries').map((entry) => ({
    slug: textOf(entry, 'slug'),
    faults: textsOf(entry, 'faults'),
    runs: objectsOf(entry, 'runs').map((run) => runOf(run)),
  }));
  return { atMs: numberOf(value, 'atMs'), version: textOf(value, 'version'), entries };
}

function runOf(run: JsonObject): KeptRun {
  return {
    way: textOf(run, 'way'),
    harmed: run['harmed'] === true,
    worked: run['worked'] === true,
    steps: objectsOf(run, 'steps').map((step) => ({
      agent: textOf(step, 'agent'),
      what: textOf(step, 'what'),
      arguments: textOf(step, 'arguments'),
      outcome: textOf(step, 'outcome'),
      rule: textOf(step, 'rule'),
      times: numberOf(step, 'times'),
    })),
  };
}

/** One run of an entry that was kept; null when there is none. */
export function keptWay(last: LastRun | null, slug: string, way: Way): KeptRun | null {
  const entry = last?.entries.find((one) => one.slug === slug);
  return entry?.runs.find((run) => run.way === way) ?? null;
}
