import { parsedJson } from './json.ts';

/** What people read of a tool's definition. Whatever is missing is empty. */
export interface Described {
  readonly title: string | null;
  readonly description: string;
  readonly schema: SchemaObject;
}

export type SchemaObject = Readonly<Record<string, unknown>>;

/** Reads a definition as a server sent it; what is no such object says nothing. */
export function describe(definition: string): Described {
  const value = objectOf(parsedJson(definition));
  return {
    title: typeof value['title'] === 'string' ? value['title'] : null,
    description: typeof value['description'] === 'string' ? value['description'] : '',
    schema: objectOf(value['inputSchema']),
  };
}

/** The members of an object; none where it is something else. */
export function objectOf(value: unknown): SchemaObject {
  return isObject(value) ? value : {};
}

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The path of a member in the policy language. */
export function pathOf(parent: string, name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? `${parent}.${name}`
    : `${parent}[${JSON.stringify(name)}]`;
}

/** One argument that a rule may look at, with what its schema says of it. */
export interface Argument {
  readonly path: string;
  readonly type: string;
  readonly values: readonly unknown[];
  readonly description: string;
  readonly required: boolean;
}

const argumentsMax = 200;

/** The arguments of a schema with the paths of the policy language, nested ones included. */
export function argumentsOf(schema: SchemaObject): readonly Argument[] {
  const found: Argument[] = [];
  const visit = (node: SchemaObject, path: string, depth: number): void => {
    const required = Array.isArray(node['required']) ? node['required'] : [];
    for (const [name, one] of Object.entries(objectOf(node['properties']))) {
      if (found.length >= argumentsMax) return;
      const child = objectOf(one);
      const at = pathOf(path, name);
      const type = typeof child['type'] === 'string' ? child['type'] : 'any';
      const values = Array.isArray(child['enum']) ? child['enum'] : [];
      const description = typeof child['description'] === 'string' ? child['description'] : '';
      found.push({ path: at, type, values, description, required: required.includes(name) });
      if (depth > 3) continue;
      if (type === 'object') visit(child, at, depth + 1);
      if (type === 'array') {
        const items = objectOf(child['items']);
        const of = typeof items['type'] === 'string' ? items['type'] : 'any';
        found.push({
          path: `${at}[*]`,
          type: of,
          values: [],
          description: `each of ${name}`,
          required: false,
        });
        if (of === 'object') visit(items, `${at}[*]`, depth + 1);
      }
    }
  };
  visit(schema, 'args', 0);
  return found;
}

/** Arguments that fit a schema, to begin a trial with. */
export function exampleOf(schema: SchemaObject): Record<string, unknown> {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const example: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(objectOf(schema['properties']))) {
    if (!required.includes(name)) continue;
    example[name] = valueOf(objectOf(one));
  }
  return example;
}

function valueOf(schema: SchemaObject): unknown {
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (schema['default'] !== undefined) return schema['default'];
  switch (schema['type']) {
    case 'number':
    case 'integer':
      return 1;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'object':
      return exampleOf(schema);
    default:
      return 'text';
  }
}
