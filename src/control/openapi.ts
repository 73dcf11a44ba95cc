import * as z from 'zod';

import type { JsonObject } from '../base/strict-json.ts';
import type { Route } from './route.ts';
import { cookieName } from './session.ts';

/** The description of the control API as OpenAPI 3.1, made from the table of its operations. */
export function openapi(table: readonly Route[]): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of table) {
    const path = (paths[route.path] ??= {});
    path[route.method] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Portcullis control API',
      version: '1',
      description:
        'What the command line and the console use, and nothing else. Asked with the operator key as a bearer token, or with the cookie of a session and its `x-portcullis-csrf` header.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ operatorKey: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        operatorKey: { type: 'http', scheme: 'bearer' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName,
          description: `Where the page came over https, \`__Host-${cookieName}\`.`,
        },
      },
      schemas: { Problem: problemSchema },
    },
  };
}

function operationOf(route: Route): JsonObject {
  const { id, summary, may, input, query, output, stream } = route;
  const type = stream === null ? 'application/json' : 'text/event-stream';
  return {
    operationId: id,
    summary,
    ...(may === 'anyone' ? { security: [] } : { 'x-roles': [...may] }),
    parameters: [...pathParameters(route.path), ...queryParameters(query)],
    ...(input === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(input, 'input') } },
          },
        }),
    responses: {
      '200': { description: summary, content: { [type]: { schema: schemaOf(output, 'output') } } },
      default: {
        description: 'What was wrong, and what to do',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function pathParameters(path: string): readonly JsonObject[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodType | null): readonly JsonObject[] {
  if (query === null) return [];
  const { properties, required } = schemaOf(query, 'input');
  // `properties` of a JSON Schema is an object of schemas, `required` a list of names.
  const members = Object.entries((properties ?? {}) as Record<string, JsonObject>);
  const needed = (required ?? []) as readonly string[];
  return members.map(([name, schema]) => ({
    name,
    in: 'query',
    required: needed.includes(name),
    schema,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  // A JSON Schema is JSON.
  return described as unknown as JsonObject;
}

const problemSchema: JsonObject = {
  type: 'object',
  required: ['error', 'message'],
  properties: {
    error: { type: 'string', description: 'A word that programs can compare' },
    message: { type: 'string', description: 'What was wrong and what to do, for a person' },
    problems: {
      type: 'array',
      description: 'Each fault of a document, with its place',
      items: {
        type: 'object',
        required: ['pointer', 'line', 'column', 'message', 'hint'],
        properties: {
          pointer: { type: 'string' },
          line: { type: 'integer' },
          column: { type: 'integer' },
          message: { type: 'string' },
          hint: { type: ['string', 'null'] },
        },
      },
    },
  },
};
