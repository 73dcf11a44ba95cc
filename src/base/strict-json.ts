import type { Result } from './result.ts';

/** What JSON text means once it passed the strict scan. Objects have own members only. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Bounds of one document. `bytesMax` in bytes, `stringMax` in UTF-16 units, the rest are counts. */
export interface JsonLimits {
  readonly bytesMax: number;
  readonly depthMax: number;
  readonly valuesMax: number;
  readonly stringMax: number;
}

/** Why a text was refused, and where (`offset` in UTF-16 units of the text, or bytes for encoding faults). */
export interface JsonProblem {
  readonly code: JsonProblemCode;
  readonly offset: number;
}

export type JsonProblemCode =
  | 'too-large'
  | 'too-deep'
  | 'too-many-values'
  | 'string-too-long'
  | 'byte-order-mark'
  | 'invalid-utf8'
  | 'lone-surrogate'
  | 'nul-in-key'
  | 'duplicate-key'
  | 'prototype-key'
  | 'syntax';

/** A document that every parser reads alike: the bytes that were judged, and their meaning. */
export interface JsonText {
  readonly bytes: Uint8Array;
  readonly text: string;
  /** Some number's lexeme is not carried exactly by a double (2^53+1, 1e400, 1e-400, 20 digits). */
  readonly unsafeNumbers: boolean;
  /** The offset in `text` where the root value starts, after white space. */
  readonly start: number;
}

/** A member's place in the text: `keyStart` at its quote, the value as [valueStart, valueEnd). */
export interface Member {
  readonly key: string;
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** One replacement of [start, end) of a text. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export declare function scanJson(bytes: Uint8Array, limits: JsonLimits): Result<JsonText, JsonProblem>;
export declare function parseScanned(text: JsonText, start?: number, end?: number): JsonValue;
export declare function membersAt(text: string, objectStart: number): Member[];
export declare function elementsAt(text: string, arrayStart: number): { readonly start: number; readonly end: number }[];
export declare function applyEdits(text: string, edits: readonly Edit[]): Uint8Array;
