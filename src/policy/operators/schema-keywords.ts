import { _ } from 'ajv';
import type { CodeKeywordDefinition, KeywordCxt } from 'ajv';
import type { RegExpEngine } from 'ajv/dist/types/index.js';
import type { Ajv2019 } from 'ajv/dist/2019.js';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { Ajv } from 'ajv';
import refModule from 'ajv/dist/vocabularies/core/ref.js';
import { RE2JS } from 're2js';
import type { JsonValue } from '../../base/strict-json.ts';
import { codePoints } from './compare.ts';
import { compilePattern } from './regex.ts';

/**
 * Units of following one reference; to them comes one for each value of the schema, and one for
 * each fault that was found so far, because faults are copied from reference to reference.
 */
const REFERENCE_UNITS = 100;

/** Units of writing out one value inside a list or object, and of each character of a text in it. */
const WRITE_UNITS = 25;
const CHARACTER_UNITS = 0.6;

/** Most patterns of one schema: each may take a millisecond to compile. */
const PATTERNS_MAX = 100;

/** Units of one search, whatever its length. */
const SEARCH_UNITS = 40;

/** What one validation may spend on references and searches. */
export interface Budget {
  readonly refill: (units: number) => void;
  /** Throws when nothing is left: generated code can be left in no other way. */
  readonly spend: (units: number) => void;
  readonly left: () => number;
  readonly regExp: RegExpEngine;
}

/** A search whose text tells it from others. */
interface NamedSearch {
  readonly test: (text: string) => boolean;
  readonly toString: () => string;
}

/** An empty budget, and the engine for patterns that spends from it. A unit is some 10 ns. */
export function createBudget(): Budget {
  let left = 0;
  let patterns = 0;
  const spend = (units: number): void => {
    left -= units;
    if (left < 0) throw new RangeError('the budget of the validation is spent');
  };
  const regExp = (source: string): NamedSearch => {
    patterns += 1;
    if (patterns > PATTERNS_MAX) throw new RangeError('the schema has too many patterns');
    const pattern = compilePattern(RE2JS.translateRegExp(source));
    if (!pattern.ok) throw new SyntaxError(pattern.error);
    const { instructions, test } = pattern.value;
    return {
      test: (text) => {
        spend(SEARCH_UNITS + text.length * instructions);
        return test(text);
      },
      // Generated code keeps its patterns apart by their text alone.
      toString: () => source,
    };
  };
  // The name is for generated source that is written to files, which none is here.
  const engine = Object.assign(regExp, { code: 'regExp' });
  const refill = (units: number): void => {
    left = units;
  };
  return { refill, spend, left: () => left, regExp: engine };
}

/**
 * Makes the keywords whose cost can grow faster than schema times value spend from the budget or
 * run in linear time: `$ref`, through which alone a schema meets itself again, lengths of texts,
 * which are counted anew by every keyword, and `uniqueItems`, which otherwise compares every pair.
 * `nodes` are the values of the schema. `uniqueItems`, `const` and `enum` compare own members
 * alone: the package's comparison asks a value for its `constructor`, `valueOf` and `toString`.
 */
export function boundKeywords<T extends Ajv | Ajv2019 | Ajv2020>(
  ajv: T,
  budget: Budget,
  nodes: number,
): T {
  ajv.removeKeyword('$ref');
  ajv.addKeyword({
    ...refKeyword,
    keyword: '$ref',
    code(context: KeywordCxt) {
      const spend = context.gen.scopeValue('func', { ref: budget.spend });
      context.gen.code(_`${spend}(${REFERENCE_UNITS + nodes} + errors)`);
      refKeyword.code(context);
    },
  });
  for (const keyword of ['uniqueItems', 'const', 'enum', 'maxLength', 'minLength']) {
    ajv.removeKeyword(keyword);
  }
  const length = { type: 'string', schemaType: 'number' } as const;
  ajv.addKeyword({
    ...length,
    keyword: 'maxLength',
    validate: (max: number, text: string) => !isLonger(text, max, budget),
  });
  ajv.addKeyword({
    ...length,
    keyword: 'minLength',
    validate: (min: number, text: string) => isLonger(text, min - 1, budget),
  });
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (isUnique: boolean, items: readonly JsonValue[]) =>
      !isUnique || areUnique(items, budget),
  });
  ajv.addKeyword({ keyword: 'const', compile: (only: JsonValue) => isOneOf([only], budget) });
  ajv.addKeyword({
    keyword: 'enum',
    schemaType: 'array',
    compile: (allowed: readonly JsonValue[]) => isOneOf(allowed, budget),
  });
  muteFaults(ajv);
  return ajv;
}

/**
 * What is wrong is described anew at every failed keyword, also inside an `anyOf` that holds in the
 * end, and nobody reads it: an empty object each is all that is left to make.
 */
function muteFaults(ajv: Ajv | Ajv2019 | Ajv2020): void {
  for (const rule of Object.values(ajv.RULES.all)) {
    if (typeof rule !== 'object') continue;
    const { definition } = rule;
    if (!('code' in definition)) continue;
    const { code } = definition;
    definition.code = (context: KeywordCxt, type?: string) => {
      Object.assign(context.it, { createErrors: false });
      code(context, type);
    };
  }
}

/** Whether a text has more than `max` code points; they are counted only where it matters. */
function isLonger(text: string, max: number, budget: Budget): boolean {
  if (text.length <= max) return false;
  if (text.length > 2 * max + 1) return true;
  budget.spend(text.length / 2);
  return codePoints(text) > max;
}

/** Simple values are looked up as they are, whatever their length; others by their text. */
function isOneOf(allowed: readonly JsonValue[], budget: Budget): (value: JsonValue) => boolean {
  const simple = new Set(allowed.filter((value) => !isCompound(value)));
  const keys = new Set(allowed.filter(isCompound).map(keyOf));
  return (value) =>
    isCompound(value) ? keys.size > 0 && keys.has(keyAt(budget, value)) : simple.has(value);
}

function areUnique(items: readonly JsonValue[], budget: Budget): boolean {
  budget.spend(WRITE_UNITS * items.length);
  const simple = items.filter((item) => !isCompound(item));
  if (new Set(simple).size < simple.length) return false;
  const compound = items.filter(isCompound);
  return new Set(compound.map((item) => keyAt(budget, item))).size === compound.length;
}

function isCompound(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null;
}

/** The key of a value of a call, paid for before it is written. */
function keyAt(budget: Budget, value: JsonValue): string {
  budget.spend(writeUnits(value, 1));
  return keyOf(value);
}

/** Every level of a value is written into the one around it, and the members of objects sorted. */
function writeUnits(value: JsonValue, depth: number): number {
  if (typeof value === 'string') return WRITE_UNITS + CHARACTER_UNITS * depth * value.length;
  if (typeof value !== 'object' || value === null) return WRITE_UNITS * depth;
  let units = WRITE_UNITS * depth;
  for (const [key, member] of Object.entries<JsonValue>(value)) {
    units += CHARACTER_UNITS * depth * key.length + writeUnits(member, depth + 1);
  }
  return units;
}

/** The package is CommonJS: its default export is the module, or the definition, by the loader. */
const refKeyword: CodeKeywordDefinition = 'default' in refModule ? refModule.default : refModule;

/** A text that two values share when they are equal as JSON. */
function keyOf(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(keyOf).join()}]`;
  const members = Object.entries<JsonValue>(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${keyOf(member)}`,
  );
  return `{${members.toSorted().join()}}`;
}
