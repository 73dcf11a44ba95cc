import * as z from 'zod';

import type { JsonObject, JsonValue } from '../../src/base/strict-json.ts';
import type { Route } from '../../src/control/route.ts';
import { table } from '../../src/control/table.ts';

export const target = 'console/src/api/operations.ts';

/** The types of the control API as the console sees them, and where each operation is. */
export function render(): string {
  const types = table.map((route) => `  readonly ${route.id}: {\n${membersOf(route)}  };\n`);
  const places = table.map(
    ({ id, method, path }) => `  ${id}: { method: '${method}', path: '${path}' },\n`,
  );
  return `// Made by \`npm run golden\` from the table of operations.

/** What goes into and comes out of each operation of the control API. */
export interface Operations {
${types.join('')}}

/** Where each operation is. */
export const operations: Readonly<
  Record<keyof Operations, { readonly method: string; readonly path: string }>
> = {
${places.join('')}};
`;
}

function membersOf({ path, input, query, output }: Route): string {
  const params = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `readonly ${name}: string`);
  const goesIn = [
    ['params', params.length === 0 ? 'undefined' : `{ ${params.join('; ')} }`],
    ['query', query === null ? 'undefined' : typeOf(jsonSchema(query, 'input'))],
    ['input', input === null ? 'undefined' : typeOf(jsonSchema(input, 'input'))],
  ];
  const given = goesIn.map(([name, type]) => `readonly ${name}: ${type};`).join(' ');
  return `    ${given}\n    readonly output: ${typeOf(jsonSchema(output, 'output'))};\n`;
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  // A JSON Schema is JSON.
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as unknown as JsonObject;
}

/** A JSON Schema as a type. What it cannot say is `unknown`. */
function typeOf(schema: JsonObject): string {
  const { type, anyOf, const: constant } = schema;
  if (isList(schema['enum'])) return schema['enum'].map(literal).join(' | ');
  if (constant !== undefined) return literal(constant);
  if (isList(anyOf)) return union(anyOf.map((one) => typeOf(asSchema(one))));
  if (isList(type)) return union(type.map((one) => typeOf({ ...schema, type: one })));
  switch (type) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array':
      return `readonly ${inParentheses(typeOf(asSchema(schema['items'] ?? {})))}[]`;
    case 'object':
      return objectType(schema);
    default:
      return 'unknown';
  }
}

function objectType(schema: JsonObject): string {
  const { properties, required, additionalProperties } = schema;
  if (properties === undefined) {
    return `Readonly<Record<string, ${typeOf(asSchema(additionalProperties ?? {}))}>>`;
  }
  const needed = Array.isArray(required) ? required : [];
  const members = Object.entries(asSchema(properties)).map(([name, one]) => {
    const optional = needed.includes(name) ? '' : '?';
    const type = typeOf(asSchema(one));
    return `readonly ${name}${optional}: ${type}${optional === '' ? '' : ' | undefined'}`;
  });
  return `{ ${members.join('; ')} }`;
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ');
}

function inParentheses(type: string): string {
  return type.includes('|') ? `(${type})` : type;
}

function literal(value: JsonValue): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function asSchema(value: JsonValue): JsonObject {
  const is = typeof value === 'object' && value !== null && !Array.isArray(value);
  // It is neither null, a list nor a plain value.
  return is ? (value as JsonObject) : {};
}
