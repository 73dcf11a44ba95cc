import type { Category, Risk } from '../policy/request.ts';

/**
 * A tool as its server published it. Every field comes from a stranger, so each is unknown until it
 * was looked at: a field of the wrong type counts as absent and never stops the classification.
 */
export interface ToolDefinition {
  readonly name: unknown;
  readonly title?: unknown;
  readonly description?: unknown;
  readonly inputSchema?: unknown;
  readonly annotations?: unknown;
}

/** What stands around a tool: its server's name and description, and the names of all its tools. */
export interface ServerContext {
  readonly name: string;
  readonly description?: string | undefined;
  readonly toolNames: readonly string[];
}

/** The part of the definition that a hit quotes. */
export type Field = 'name' | 'title' | 'description' | 'inputSchema' | 'annotations';

/**
 * One reason, as data. For the text fields `quote` is the field's text from `start` to `end`
 * (UTF-16 units); for `inputSchema` and `annotations` it is the key or the value at `path`, a JSON
 * Pointer into that field, and `start` and `end` are its extent.
 */
export interface Hit {
  readonly field: Field;
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly quote: string;
  readonly rule: string;
  /** The category that the hit speaks for; null when it only raises or disputes. */
  readonly category: Category | null;
  /** 0 to 1: how much the hit counts. */
  readonly weight: number;
}

/** What can raise a tool's risk above that of its category. */
export type SignalId =
  | 'outbound-message'
  | 'credentials'
  | 'bulk'
  | 'admin'
  | 'code'
  | 'sql'
  | 'url'
  | 'file-path'
  | 'hint-destructive'
  | 'hint-conflict';

/** A signal, and the lowest risk that a tool which shows it can have. */
export interface Signal {
  readonly id: SignalId;
  readonly atLeast: Risk;
}

/** The answer for one tool: always the same for one definition beside the same siblings. */
export interface Classification {
  readonly category: Category;
  /** The risk of the category alone. */
  readonly classRisk: Risk;
  /** The class risk after the signals: never below it. */
  readonly raisedRisk: Risk;
  readonly signals: readonly Signal[];
  /** The heaviest hit first. */
  readonly evidence: readonly Hit[];
  /** One sentence for people, composed from the hits. */
  readonly sentence: string;
}

/** One argument of the tool: its own name, what its schema allows, and where it stands. */
export interface Property {
  readonly name: string;
  /** JSON Pointer into `inputSchema`. */
  readonly path: string;
  readonly type: string;
  readonly format: string;
  readonly values: readonly string[];
  /** The values are those of `enum`; otherwise the one of `const`. */
  readonly listed: boolean;
  /** The tool's own `required` names it; false for every nested argument. */
  readonly required: boolean;
}

/** A definition after its fields were checked and cut to the lengths that are looked at. */
export interface ToolText {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly properties: readonly Property[];
  readonly hints: Hints;
}

/** The hints as booleans; undefined where the server said nothing. */
export interface Hints {
  readonly readOnly: boolean | undefined;
  readonly destructive: boolean | undefined;
}

const nameUnitsMax = 200;
const titleUnitsMax = 200;
const descriptionUnitsMax = 4000;
const propertiesMax = 200;
const valuesMax = 100;
const nestingMax = 3;

/** Reads a definition of any shape: what is too long is cut, what is wrong counts as absent. */
export function readTool(tool: ToolDefinition): ToolText {
  const annotations = asObject(tool.annotations);
  const title = asText(tool.title) || asText(own(annotations, 'title'));
  return {
    name: asText(tool.name).slice(0, nameUnitsMax),
    title: title.slice(0, titleUnitsMax),
    description: saidBy(asText(tool.description).slice(0, descriptionUnitsMax)),
    properties: readProperties(tool.inputSchema),
    hints: {
      readOnly: asBoolean(own(annotations, 'readOnlyHint')),
      destructive: asBoolean(own(annotations, 'destructiveHint')),
    },
  };
}

// What registries put in the place of a description they do not have.
const placeholder =
  /^\s*(?:(?:no |missing )?description(?: is)?(?: not)?(?: available| provided)?\.?|n\/a|todo|deploy server\b.*\btry in playground\b.*)\s*$/is;

function saidBy(description: string): string {
  return placeholder.test(description) ? '' : description;
}

/** An own member of an object of unknown shape; undefined where there is none. */
export function own(object: Readonly<Record<string, unknown>> | null, key: string): unknown {
  return object !== null && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The value as an object that is not a list, or null. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  // Every object that is not a list can be read by string keys; the values stay unknown.
  return value as Readonly<Record<string, unknown>>;
}

/** A step of a JSON Pointer (RFC 6901, section 3). */
export function pointerStep(key: string): string {
  return '/' + key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function asBoolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function readProperties(schema: unknown): Property[] {
  const found: Property[] = [];
  collect(asObject(schema), { path: '', depth: 0, found });
  return found;
}

interface Walk {
  readonly path: string;
  readonly depth: number;
  readonly found: Property[];
}

function collect(schema: Readonly<Record<string, unknown>> | null, walk: Walk): void {
  if (schema === null || walk.depth >= nestingMax) return;

  const members = asObject(own(schema, 'properties')) ?? {};
  const listed = own(schema, 'required');
  const required = new Set<unknown>(walk.depth === 0 && Array.isArray(listed) ? listed : []);
  for (const name of Object.keys(members)) {
    if (walk.found.length >= propertiesMax) return;
    const member = asObject(members[name]);
    if (member === null) continue;
    const path = walk.path + '/properties' + pointerStep(name);
    walk.found.push(readProperty(member, { name, path, required: required.has(name) }));
    collect(member, { path, depth: walk.depth + 1, found: walk.found });
    const items = asObject(own(member, 'items'));
    collect(items, { path: path + '/items', depth: walk.depth + 1, found: walk.found });
  }
}

function readProperty(
  member: Readonly<Record<string, unknown>>,
  is: Pick<Property, 'name' | 'path' | 'required'>,
): Property {
  const type = own(member, 'type');
  const first: unknown = Array.isArray(type) ? type[0] : type;
  const listed = own(member, 'enum');
  const constant = own(member, 'const');
  const values: unknown[] = Array.isArray(listed)
    ? listed
    : constant === undefined
      ? []
      : [constant];
  return {
    name: is.name,
    path: is.path,
    type: asText(first),
    format: asText(own(member, 'format')),
    // What is no text stays as an empty place, so that a value's index is its index in the schema.
    values: values.slice(0, valuesMax).map(asText),
    listed: Array.isArray(listed),
    required: is.required,
  };
}
