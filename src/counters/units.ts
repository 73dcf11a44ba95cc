import { assert } from '../base/assert.ts';

/**
 * Units are counted in whole billionths, as integers without bound: sums are exact, in whatever
 * order calls come and go, so that no number of additions and subtractions admits a unit too many.
 * A number means what its shortest decimal text says: three costs of 0.1 fill a limit of 0.3.
 */
export type ExactUnits = bigint;

const decimals = 9;
const one: ExactUnits = 10n ** BigInt(decimals);

/**
 * The exact units of a finite number that is not negative. Digits beyond the ninth decimal are
 * rounded up: what a call costs is never counted as less.
 */
export function exactUnits(units: number): ExactUnits {
  assert(Number.isFinite(units) && units >= 0, 'units are finite and not negative');
  if (units === 1) return one;
  if (Number.isSafeInteger(units)) return BigInt(units) * one;

  const parts = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(units));
  assert(parts !== null, 'a finite number is written in digits');
  const [, whole = '', fraction = '', exponent = '0'] = parts;
  const shift = Number(exponent) - fraction.length + decimals;
  const digits = BigInt(whole + fraction);
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return (digits + divisor - 1n) / divisor;
}

/** The least number close by that stands for at least these units: for snapshots. */
export function numberOfUnits(units: ExactUnits): number {
  let number = Number(units) / Number(one);
  while (exactUnits(number) < units) number += Math.max(number * Number.EPSILON, 1e-9);
  return number;
}
