import type { JsonValue } from '../../base/strict-json.ts';
import type { OperatorName } from '../document.ts';
import { compilePattern } from './regex.ts';

/**
 * Units that one question to an operator takes, where that grows with the value; a unit is at most
 * some 40 ns. Never less than what the work can come to, and the same for any order of keys.
 */
export type Cost = (value: JsonValue) => number;

/** What asking about one value costs with this literal; null where it is always next to nothing. */
export function costOf(op: OperatorName, operand: JsonValue): Cost | null {
  switch (op) {
    case 'eq':
    case 'neq':
      return compoundCost([operand]);
    case 'in':
    case 'not_in':
      return compoundCost(Array.isArray(operand) ? operand : []);
    case 'contains':
    case 'not_contains':
      return containsCost(operand);
    case 'regex':
    case 'not_regex':
      return regexCost(operand);
    case 'length_lte':
    case 'length_gte':
      return (value) => (typeof value === 'string' ? value.length / 32 : 0);
    case 'path_within':
      return pathCost(Array.isArray(operand) ? operand.length : 1);
    case 'url_host_in':
      return textCost(180, 2);
    case 'email_domain_in':
      return textCost(100, 6);
    case 'sql_only':
      return textCost(900, 12);
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
    case 'exists':
      return null;
  }
}

/** Lists and objects are compared with each literal anew; simple values are looked up. */
function compoundCost(literals: readonly JsonValue[]): Cost | null {
  const weight = 4 * literals.filter(isCompound).reduce<number>((sum, one) => sum + sizeOf(one), 0);
  return weight === 0 ? null : (value) => (isCompound(value) ? weight * sizeOf(value) : 1);
}

/** A search for a text may compare it at every place; each comparison takes a third of 1 ns. */
function containsCost(operand: JsonValue): Cost {
  const weight = isCompound(operand) ? 4 * sizeOf(operand) : 1;
  const length = typeof operand === 'string' ? operand.length : 0;
  return (value) =>
    typeof value === 'string' ? 1 + (value.length * length) / 128 : weight * sizeOf(value);
}

function regexCost(operand: JsonValue): Cost | null {
  const pattern = typeof operand === 'string' ? compilePattern(operand) : null;
  if (pattern?.ok !== true) return null;
  const perCharacter = pattern.value.instructions / 4;
  return (value) => (typeof value === 'string' ? 10 + perCharacter * value.length : 1);
}

/** Each way to read a path, and each round of decoding, is a path more. */
function pathCost(roots: number): Cost {
  return (value) => {
    if (typeof value !== 'string') return 1;
    const rounds = value.includes('%25') ? 8 : value.includes('%') ? 2 : 1;
    const parameters = value.includes(';') ? 2 : 1;
    const separators = value.includes('\\') ? 2 : 1;
    return (300 + 2 * roots + 6 * value.length) * rounds * parameters * separators;
  };
}

function textCost(once: number, perCharacter: number): Cost {
  return (value) => {
    const texts: readonly JsonValue[] = Array.isArray(value) ? value : [value];
    let units = 0;
    for (const text of texts) {
      units += typeof text === 'string' ? once + perCharacter * text.length : 1;
    }
    return units;
  };
}

function isCompound(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null;
}

/** JSON values in a value, itself included. */
function sizeOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 1;
  let size = 1;
  for (const inside of Object.values<JsonValue>(value)) size += sizeOf(inside);
  return size;
}
