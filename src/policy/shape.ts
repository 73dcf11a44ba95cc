import type { JsonKind } from './operators/compare.ts';

/** What a part of a document must look like. The parser and the published schema both read this. */
export type Shape =
  | TextShape
  | WordShape
  | BooleanShape
  | NumberShape
  | ListShape
  | ObjectShape
  | MapShape
  | ChoiceShape
  | FormsShape
  | AnyShape;

export interface TextShape {
  readonly kind: 'text';
  /** The source of an anchored regular expression; null admits every text. */
  readonly pattern: string | null;
  readonly emptyToo: boolean;
  readonly expected: string;
  readonly check: 'path' | 'cost-path' | null;
}

export interface WordShape {
  readonly kind: 'word';
  readonly words: readonly string[];
}

export interface BooleanShape {
  readonly kind: 'boolean';
  /** Whether `false` is a value too. */
  readonly falseToo: boolean;
}

export interface NumberShape {
  readonly kind: 'number';
  readonly integer: boolean;
  readonly min: number;
  readonly max: number;
}

export interface ListShape {
  readonly kind: 'list';
  readonly of: Shape;
  readonly itemsMin: number;
}

export interface ObjectShape {
  readonly kind: 'object';
  /** Its name among the definitions of the published schema. */
  readonly name: string;
  readonly fields: Readonly<Record<string, Field>>;
  readonly check: 'condition' | 'limit' | 'document' | null;
}

export interface Field {
  readonly shape: Shape;
  readonly required: boolean;
  /** What it means, for people who write policies in an editor. */
  readonly text: string;
}

export interface MapShape {
  readonly kind: 'map';
  /** The keys that may be used; null for any. */
  readonly keys: readonly string[] | null;
  readonly of: Shape;
}

/** One of several shapes, told apart by the JSON type of the value. */
export interface ChoiceShape {
  readonly kind: 'choice';
  readonly options: readonly Shape[];
}

/** Two forms of an object, told apart by a key that only the long one has. */
export interface FormsShape {
  readonly kind: 'forms';
  readonly name: string;
  readonly key: string;
  readonly long: ObjectShape;
  readonly short: ObjectShape;
}

/** Any JSON, or a JSON Schema. */
export interface AnyShape {
  readonly kind: 'any';
  readonly schema: boolean;
}

export function text(expected = 'text that is not empty'): TextShape {
  return { kind: 'text', pattern: null, emptyToo: false, expected, check: null };
}

/** Words for people: they may be empty, and then count as not said. */
export function prose(): TextShape {
  return { kind: 'text', pattern: null, emptyToo: true, expected: 'text', check: null };
}

export function patternText(pattern: string, expected: string): TextShape {
  return { kind: 'text', pattern, emptyToo: false, expected, check: null };
}

export function pathText(check: 'path' | 'cost-path'): TextShape {
  const expected = 'a path such as `args.amount`';
  return { kind: 'text', pattern: null, emptyToo: false, expected, check };
}

export function word(...words: readonly string[]): WordShape {
  return { kind: 'word', words };
}

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): NumberShape {
  return { kind: 'number', integer: true, min, max };
}

export function list(of: Shape, itemsMin = 0): ListShape {
  return { kind: 'list', of, itemsMin };
}

export function choice(...options: readonly Shape[]): ChoiceShape {
  return { kind: 'choice', options };
}

export function must(shape: Shape, description: string): Field {
  return { shape, required: true, text: description };
}

export function may(shape: Shape, description: string): Field {
  return { shape, required: false, text: description };
}

/** The JSON types that a shape admits, in words that follow "expected". */
export function expectedText(shape: Shape): string {
  switch (shape.kind) {
    case 'text':
      return shape.expected;
    case 'word':
      return shape.words.map((each) => `\`${each}\``).join(', ');
    case 'boolean':
      return shape.falseToo ? '`true` or `false`' : '`true`';
    case 'number':
      return numberText(shape);
    case 'list':
      return shape.itemsMin > 0 ? 'a list that is not empty' : 'a list';
    case 'object':
    case 'map':
    case 'forms':
      return 'an object';
    case 'choice':
      return shape.options.map(expectedText).join(', or ');
    case 'any':
      return shape.schema ? 'a JSON Schema' : 'a value';
  }
}

function numberText(shape: NumberShape): string {
  const noun = shape.integer ? 'an integer' : 'a number';
  if (shape.max === Number.MAX_SAFE_INTEGER) return `${noun} of at least ${shape.min}`;
  return `${noun} from ${shape.min} to ${shape.max}`;
}

/** Whether a value of this JSON type may fit the shape: enough to pick one of several. */
export function admitsKind(shape: Shape, kind: JsonKind): boolean {
  switch (shape.kind) {
    case 'text':
    case 'word':
      return kind === 'string';
    case 'boolean':
    case 'number':
    case 'list':
    case 'object':
      return kind === shape.kind;
    case 'map':
    case 'forms':
      return kind === 'object';
    case 'choice':
      return shape.options.some((option) => admitsKind(option, kind));
    case 'any':
      return !shape.schema || kind === 'object' || kind === 'boolean';
  }
}
