import assert from 'node:assert/strict';
import { parseScanned, scanJson } from '../../src/base/strict-json.ts';
import type { JsonLimits, JsonValue } from '../../src/base/strict-json.ts';
import { Refused, readReference } from './reference-json.ts';
import type { ReferenceDocument, ReferenceValue } from './reference-json.ts';

/** Bounds that random documents meet now and then. */
export const FUZZ_LIMITS: JsonLimits = {
  bytesMax: 2048,
  depthMax: 6,
  valuesMax: 60,
  stringMax: 40,
};

/** Both readers accept with one meaning, or both refuse. Says which. */
export function assertReadersAgree(bytes: Uint8Array, limits: JsonLimits): 'accepted' | 'refused' {
  const ours = scanJson(bytes, limits);
  const theirs = reference(bytes, limits);
  const shown = JSON.stringify(Buffer.from(bytes).toString('latin1'));
  assert.equal(ours.ok, theirs !== null, shown);
  if (!ours.ok || theirs === null) return 'refused';
  assert.equal(ours.value.unsafeNumbers, theirs.unsafeNumbers, shown);
  assert.deepEqual(toReference(parseScanned(ours.value)), theirs.value, shown);
  return 'accepted';
}

function reference(bytes: Uint8Array, limits: JsonLimits): ReferenceDocument | null {
  try {
    return readReference(bytes, limits);
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

function toReference(value: JsonValue): ReferenceValue {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(toReference);
  return new Map(Object.entries(value).map(([key, member]) => [key, toReference(member)]));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
