import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { documentShape, operandShapes } from './fields.ts';
import type { Field, ObjectShape, Shape } from './shape.ts';

/**
 * The language as a JSON Schema (2020-12), for editors: completion, descriptions, early warnings.
 * It is made from the description that the parser reads, and is a little wider than the parser,
 * which also checks paths, literals and shared counters.
 */
export function policyJsonSchema(): JsonObject {
  const definitions: Record<string, JsonObject> = {};
  const root = objectSchema(documentShape, definitions);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Portcullis policy, version 1',
    description: 'What an agent may do on one server. Decides each tool call before it leaves.',
    ...root,
    $defs: Object.fromEntries(Object.entries(definitions).toSorted(byKey)),
  };
}

type Definitions = Record<string, JsonObject>;

function schemaOf(shape: Shape, definitions: Definitions): JsonObject {
  switch (shape.kind) {
    case 'text':
      if (shape.pattern !== null) return { type: 'string', pattern: shape.pattern };
      return shape.emptyToo ? { type: 'string' } : { type: 'string', minLength: 1 };
    case 'word':
      return shape.words.length === 1 ? { const: shape.words[0] ?? '' } : { enum: shape.words };
    case 'boolean':
      return shape.falseToo ? { type: 'boolean' } : { const: true };
    case 'number':
      return numberSchema(shape.integer, shape.min, shape.max);
    case 'list':
      return {
        type: 'array',
        items: schemaOf(shape.of, definitions),
        ...(shape.itemsMin > 0 ? { minItems: shape.itemsMin } : {}),
      };
    case 'object':
      return defined(shape.name, definitions, () => objectSchema(shape, definitions));
    case 'map':
      return mapSchema(schemaOf(shape.of, definitions), shape.keys);
    case 'choice':
      return { anyOf: shape.options.map((option) => schemaOf(option, definitions)) };
    case 'forms':
      return defined(shape.name, definitions, () => ({
        if: { required: [shape.key] },
        // oxlint-disable-next-line unicorn/no-thenable -- `then` is a keyword of JSON Schema
        then: schemaOf(shape.long, definitions),
        else: schemaOf(shape.short, definitions),
      }));
    case 'any':
      return shape.schema ? { type: ['object', 'boolean'] } : {};
  }
}

/** Each shape with a name is written once, and referred to. */
function defined(name: string, definitions: Definitions, make: () => JsonObject): JsonObject {
  if (definitions[name] === undefined) {
    definitions[name] = {};
    definitions[name] = make();
  }
  return { $ref: `#/$defs/${name}` };
}

function objectSchema(shape: ObjectShape, definitions: Definitions): JsonObject {
  const fields = Object.entries(shape.fields);
  const required = fields.filter(([, field]) => field.required).map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(
      fields.map(([name, field]) => [name, fieldSchema(field, definitions)]),
    ),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
    ...(shape.check === 'condition' ? { allOf: operandRules(definitions) } : {}),
    ...(shape.check === 'limit' ? { oneOf: limitForms } : {}),
  };
}

function fieldSchema(field: Field, definitions: Definitions): JsonObject {
  return { ...schemaOf(field.shape, definitions), description: field.text };
}

/** What the literal must be, by operator. */
function operandRules(definitions: Definitions): readonly JsonValue[] {
  return Object.entries(operandShapes).map(([op, field]) => ({
    if: { properties: { op: { const: op } }, required: ['op'] },
    // oxlint-disable-next-line unicorn/no-thenable -- `then` is a keyword of JSON Schema
    then: { properties: { value: fieldSchema(field, definitions) } },
  }));
}

const limitForms: readonly JsonValue[] = [
  { required: ['window', 'max'], not: { required: ['concurrent'] } },
  { required: ['concurrent'] },
];

function mapSchema(of: JsonObject, keys: readonly string[] | null): JsonObject {
  if (keys === null) return { type: 'object', additionalProperties: of };
  const properties = Object.fromEntries(keys.map((key) => [key, of]));
  return { type: 'object', properties, additionalProperties: false };
}

function numberSchema(whole: boolean, min: number, max: number): JsonObject {
  return {
    type: whole ? 'integer' : 'number',
    ...(Number.isFinite(min) ? { minimum: min } : {}),
    ...(Number.isFinite(max) ? { maximum: max } : {}),
  };
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
