import { ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { JsonValue } from '../../base/strict-json.ts';
import type { OperatorName } from '../document.ts';
import {
  compileContains,
  compileEqual,
  compileExists,
  compileIn,
  compileLength,
  compileOrder,
} from './compare.ts';
import type { Operator } from './compare.ts';
import { compileEmailDomainIn } from './email-domain-in.ts';
import { negate } from './outcome.ts';
import { compilePathWithin } from './path-within.ts';
import { compileRegex } from './regex.ts';
import { compileSqlOnly } from './sql-only.ts';
import { compileUrlHostIn } from './url-host-in.ts';

/**
 * Prepares one operator for its literal. The error says what the literal must be, to be read after
 * "expected".
 */
export function compileOperator(op: OperatorName, operand: JsonValue): Result<Operator, string> {
  return table[op](operand);
}

type Compile = (operand: JsonValue) => Result<Operator, string>;

/** Every operator; a new name in the language does not compile until it is here. */
const table: Readonly<Record<OperatorName, Compile>> = {
  eq: compileEqual,
  neq: opposite(compileEqual),
  in: compileIn,
  not_in: opposite(compileIn),
  lt: (operand) => compileOrder(operand, (value, bound) => value < bound),
  lte: (operand) => compileOrder(operand, (value, bound) => value <= bound),
  gt: (operand) => compileOrder(operand, (value, bound) => value > bound),
  gte: (operand) => compileOrder(operand, (value, bound) => value >= bound),
  regex: compileRegex,
  not_regex: opposite(compileRegex),
  contains: compileContains,
  not_contains: opposite(compileContains),
  exists: compileExists,
  length_lte: (operand) => compileLength(operand, (length, bound) => length <= bound),
  length_gte: (operand) => compileLength(operand, (length, bound) => length >= bound),
  path_within: compilePathWithin,
  url_host_in: compileUrlHostIn,
  email_domain_in: compileEmailDomainIn,
  sql_only: compileSqlOnly,
};

function opposite(compile: Compile): Compile {
  return (operand) => {
    const positive = compile(operand);
    if (!positive.ok) return positive;
    const operator = positive.value;
    return ok((value) => negate(operator(value)));
  };
}
