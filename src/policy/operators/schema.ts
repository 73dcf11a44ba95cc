import { Ajv } from 'ajv';
import type { AnySchema, Options, ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { JsonValue } from '../../base/strict-json.ts';
import { attempt } from './attempt.ts';
import type { Outcome } from './outcome.ts';
import { spend, startWork } from '../work.ts';
import type { Work } from '../work.ts';
import { countValue, surveySchema } from './schema-bounds.ts';
import { boundKeywords, createBudget } from './schema-keywords.ts';
import type { Budget } from './schema-keywords.ts';

/**
 * What one meeting of a value of the schema with a value of the arguments takes of the decision's
 * work: what the keywords spend on their own comes on top.
 */
const MEETING_UNITS = 4;

/** Units of a validation's own budget, of some 10 ns, in one of the decision's. */
const FINE_UNITS = 4;

/** What validation is tried with at compile time, one value of each type. */
const PROBES: readonly JsonValue[] = [{}, [], '', 0, false, null];

const EXPECTED = 'a JSON Schema (2020-12, or 2019-09 or draft-07 when `$schema` says so)';

/** Judges a value; what it takes comes from the work of the decision. */
export type SchemaTest = (value: JsonValue, work?: Work) => Outcome;

type Draft = 'draft-07' | '2019-09' | '2020-12';

/**
 * Compiles a JSON Schema for arguments. `holds` means valid.
 *
 * Draft 2020-12 unless `$schema` names 2019-09 or draft-07; any other is refused. `format` is an
 * annotation and asserts nothing. `pattern` and `patternProperties` run in a linear time engine: a
 * pattern with lookaround or backreferences is refused, and `.` and `\s` know ASCII line ends and
 * spaces alone. Only own members count. References lead to `#…` or to a `$id` in the document.
 * Refused are schemas past the bounds of `surveySchema`, `$dynamicRef`, `$recursiveRef`, `$async`,
 * references that come back to themselves without going down in the value, and combinations of
 * references that multiply on their way.
 *
 * A value that holds an unsafe number (NaN) anywhere, that exceeds the bounds of `countValue`, or
 * whose validation costs more than the decision has left is `cannot-tell`.
 *
 * Cost: some 0.7 ms for a common schema, 0.2 s at the bounds, and some 30 ms more for the first of
 * each draft, whose own schema is compiled then. Validation: microseconds, less than 50 ms at the bounds.
 */
export function compileArgumentSchema(schema: JsonValue): Result<SchemaTest, string> {
  const draft = draftOf(schema);
  if (draft === null) return err(EXPECTED);
  const survey = surveySchema(schema);
  if (!survey.ok) return survey;
  const fault = faultIn(schema, draft) ?? faultInAny(survey.value.targets, draft);
  if (fault !== null) return err(`${EXPECTED}: ${fault}`);

  const budget = createBudget();
  const { nodes, asking } = survey.value;
  const ajv = createAjv(draft, nodes, budget);
  const compiled = attempt(() => ajv.compile(asAjvSchema(schema)));
  if (!compiled.ok) {
    return err('a JSON Schema whose references resolve, with at most 100 patterns, in RE2 syntax');
  }
  const validate = compiled.value;
  if (PROBES.some((probe) => run(validate, budget, probe, startWork()) === 'cannot-tell')) {
    return err('a JSON Schema whose references neither circle in place nor multiply');
  }
  return ok((value, work = startWork()) => {
    const weight = countValue(value);
    if (weight === null || !spend(work, MEETING_UNITS * weight * asking)) return 'cannot-tell';
    return run(validate, budget, value, work);
  });
}

/** Validation throws when the budget is spent, the stack is full, or a package has a bug. */
function run(validate: ValidateFunction, budget: Budget, value: JsonValue, work: Work): Outcome {
  const granted = FINE_UNITS * work.left;
  budget.refill(granted);
  const valid = attempt(() => validate(value));
  spend(work, (granted - budget.left()) / FINE_UNITS);
  if (!valid.ok || typeof valid.value !== 'boolean') return 'cannot-tell';
  return valid.value ? 'holds' : 'does-not-hold';
}

function draftOf(schema: JsonValue): Draft | null {
  if (typeof schema === 'boolean') return '2020-12';
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return null;
  const named = '$schema' in schema ? schema['$schema'] : undefined;
  if (named === undefined) return '2020-12';
  if (typeof named !== 'string') return null;
  const address = named.replace(/^https?:\/\//, '').replace(/#$/, '');
  if (address === 'json-schema.org/draft/2020-12/schema') return '2020-12';
  if (address === 'json-schema.org/draft/2019-09/schema') return '2019-09';
  return address === 'json-schema.org/draft-07/schema' ? 'draft-07' : null;
}

function createAjv(draft: Draft, nodes: number, budget: Budget): Ajv | Ajv2019 | Ajv2020 {
  const all: Options = {
    strict: false,
    ownProperties: true,
    validateFormats: false,
    inlineRefs: false,
    logger: false,
    // Nobody reads what was wrong, and optimising takes longer than it gains.
    messages: false,
    code: { regExp: budget.regExp, optimize: false },
    meta: false,
    validateSchema: false,
  };
  if (draft === '2020-12') return boundKeywords(new Ajv2020(all), budget, nodes);
  return boundKeywords(draft === '2019-09' ? new Ajv2019(all) : new Ajv(all), budget, nodes);
}

/** One validator of schemas for each draft, made when it is first needed; it changes no answer. */
const metaValidators = new Map<Draft, ReturnType<typeof attempt<ValidateFunction>>>();

/** What is wrong with `schema` by its draft's own schema, in the validator's words, or null. */
function faultIn(schema: JsonValue, draft: Draft): string | null {
  const made = metaValidators.get(draft) ?? attempt(() => compileMeta(draft));
  metaValidators.set(draft, made);
  // A draft's own schema compiles wherever any does, but a page may forbid to make code from text.
  if (!made.ok) return 'no schema can be compiled here: code is made from it (`unsafe-eval`)';
  const validate = made.value;
  const valid = attempt(() => validate(schema));
  if (valid.ok && valid.value === true) return null;
  const [first] = validate.errors ?? [];
  return first === undefined ? 'it cannot be read' : `${first.instancePath} ${first.message}`;
}

function compileMeta(draft: Draft): ValidateFunction {
  const options: Options = { strict: false, logger: false, validateFormats: false };
  const id = {
    'draft-07': 'http://json-schema.org/draft-07/schema',
    '2019-09': 'https://json-schema.org/draft/2019-09/schema',
    '2020-12': 'https://json-schema.org/draft/2020-12/schema',
  }[draft];
  const make = { 'draft-07': Ajv, '2019-09': Ajv2019, '2020-12': Ajv2020 }[draft];
  return new make(options).compile({ $ref: id });
}

function faultInAny(targets: readonly JsonValue[], draft: Draft): string | null {
  for (const target of targets) {
    const fault = faultIn(target, draft);
    if (fault !== null) return fault;
  }
  return null;
}

/** The draft's own schema said that it is a boolean or an object, which is what the type asks. */
function asAjvSchema(schema: JsonValue): AnySchema {
  return schema as AnySchema;
}
