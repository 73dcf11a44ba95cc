import { RE2JS } from 're2js';
import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { JsonValue } from '../../base/strict-json.ts';
import { attempt } from './attempt.ts';
import type { Outcome } from './outcome.ts';

/** Longest pattern, in UTF-16 units. */
export const PATTERN_MAX = 1000;

/** Longest text that is searched, in UTF-16 units. */
const SUBJECT_MAX = 65_536;

/**
 * Most work of one search: instructions of the program times units of the text, each some 10 ns
 * at worst. A text of 64 k passes with a program of 64 instructions; larger programs search less.
 */
const WORK_MAX = 4_194_304;

const EXPECTED = `a regular expression in RE2 syntax of at most ${PATTERN_MAX} characters, without lookaround and backreferences`;

/**
 * `regex`: the pattern is found somewhere in the text (anchor it with `^` and `$`). RE2 syntax and
 * linear time whatever the text; lookaround and backreferences do not exist in it and are refused.
 * A value that is not a string, holds a lone surrogate, is longer than 64 k or would cost more
 * than some 40 ms with this pattern is `cannot-tell`.
 */
export function compileRegex(operand: JsonValue): Result<(value: JsonValue) => Outcome, string> {
  if (typeof operand !== 'string') return err(EXPECTED);
  const pattern = compilePattern(operand);
  if (!pattern.ok) return pattern;
  const { instructions, test } = pattern.value;
  return ok((value) => {
    if (typeof value !== 'string' || value.length > SUBJECT_MAX) return 'cannot-tell';
    if (value.length * instructions > WORK_MAX || !value.isWellFormed()) return 'cannot-tell';
    return test(value) ? 'holds' : 'does-not-hold';
  });
}

/** A compiled pattern: its size in instructions, and an unanchored search that never throws. */
export interface Pattern {
  readonly instructions: number;
  readonly test: (text: string) => boolean;
}

/** Compiles a pattern in linear time engine; the error says what was expected. */
export function compilePattern(source: string): Result<Pattern, string> {
  if (source.length > PATTERN_MAX || !source.isWellFormed()) return err(EXPECTED);
  const compiled = attempt(() => RE2JS.compile(source));
  if (!compiled.ok) return err(EXPECTED);
  const engine = compiled.value;
  return ok({ instructions: engine.programSize(), test: (text) => engine.test(text) });
}
