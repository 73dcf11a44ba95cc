import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { gravity } from '../policy/document.ts';
import { classifyTool } from './classify.ts';
import { readTool } from './tool.ts';
import type { Classification, Property, ServerContext, ToolDefinition } from './tool.ts';

/** How the gravest tools are treated: a person is asked, or the agent never sees them. */
export type Variant = 'standard' | 'strict';

/** A tool beside its answer, which may carry a person's override. */
export interface ClassifiedTool {
  readonly tool: ToolDefinition;
  readonly classification: Pick<Classification, 'category'>;
}

const writesPerMinute = 30;
const executionsPerMinute = 10;
/** Units of the amount argument per day; a start that the owner of the money is meant to change. */
const amountPerDay = 1000;
const urlNames = /^(?:.*_)?(?:url|uri|href)$/i;
const pathNames = /^(?:.*_)?(?:path|filepath|file_path|directory|cwd|workdir)$/i;
const sqlNames = /^sql(?:_?query|_?statement)?$/i;

/**
 * The rule for one tool under `"default": "deny"`: the table of docs/reference/classification.md, plus argument
 * rules and amount limits where the input schema invites them. Valid against POLICY.md, section 1.
 */
export function recommendRule(
  tool: ToolDefinition,
  classification: Pick<Classification, 'category'>,
  variant: Variant = 'standard',
): JsonObject {
  const { name, properties } = readTool(tool);
  switch (classification.category) {
    case 'Read':
      return {};
    case 'Write':
      return { limits: [rateLimit(name, writesPerMinute)] };
    case 'Execute':
      return { ...argumentRules(properties), limits: [rateLimit(name, executionsPerMinute)] };
    case 'Financial':
      return variant === 'strict' ? { action: 'hide' } : approvalWithin(name, properties);
    case 'Destructive':
    case 'Unclassified':
      return { action: variant === 'strict' ? 'hide' : 'require_approval' };
  }
}

/** The name of a tool's rate counter: every character outside `[A-Za-z0-9_]` becomes `_`. */
export function rateCounter(toolName: string): string {
  return `${toolName.replace(/[^A-Za-z0-9_]/gu, '_')}_rate`;
}

/** A whole policy document for a server whose tools are classified here. */
export function recommendPolicy(
  serverName: string,
  tools: readonly ToolDefinition[],
  variant: Variant = 'standard',
): JsonObject {
  const server: ServerContext = { name: serverName, toolNames: tools.map(nameOf) };
  const classified = tools.map((tool) => ({ tool, classification: classifyTool(tool, server) }));
  return recommendPolicyFor(serverName, classified, variant);
}

/**
 * The same for tools that are classified already. A tool without a name gets no rule, nor does one
 * whose name no policy document may hold as a key: `"default": "deny"` refuses both.
 */
export function recommendPolicyFor(
  serverName: string,
  tools: readonly ClassifiedTool[],
  variant: Variant = 'standard',
): JsonObject {
  const gravest = new Map<string, ClassifiedTool>();
  for (const entry of tools) {
    const name = nameOf(entry.tool);
    const known = gravest.get(name);
    if (name === '' || unusableKeys.has(name)) continue;
    if (known === undefined || isGraver(entry, known)) gravest.set(name, entry);
  }
  const rules: [string, JsonValue][] = [...gravest]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { tool, classification }]) => [
      name,
      recommendRule(tool, classification, variant),
    ]);
  return {
    version: '1',
    description: `Recommended for ${serverName}: ${describe(variant)}`,
    default: 'deny',
    tools: Object.fromEntries(rules),
  };
}

const unusableKeys = new Set(['__proto__']);

// Two tools of one name can only get one rule: the stricter one.
function isGraver(a: ClassifiedTool, b: ClassifiedTool): boolean {
  return gravity.indexOf(a.classification.category) > gravity.indexOf(b.classification.category);
}

// The whole name, however long: the policy's key must be exactly the server's.
function nameOf(tool: ToolDefinition): string {
  return typeof tool.name === 'string' ? tool.name : '';
}

function describe(variant: Variant): string {
  return variant === 'strict'
    ? 'what deletes, pays or is unclear is hidden, what writes or runs is limited'
    : 'what deletes, pays or is unclear waits for a person, what writes or runs is limited';
}

function rateLimit(name: string, max: number): JsonObject {
  return { counter: rateCounter(name), window: 'minute', max, scope: 'grant' };
}

// A limit whose cost cannot be told refuses, so it is only offered where the amount must be there.
function approvalWithin(name: string, properties: readonly Property[]): JsonObject {
  const amount = properties.find(isAmount);
  if (amount === undefined) return { action: 'require_approval' };
  const counter = rateCounter(name).replace(/_rate$/, '_amount');
  const limit = {
    counter,
    window: 'day',
    max: amountPerDay,
    scope: 'grant',
    cost: argumentPath(amount),
  };
  return { action: 'require_approval', limits: [limit] };
}

function isAmount(property: Property): boolean {
  const numeric = property.type === 'number' || property.type === 'integer';
  return (
    property.required && numeric && /(?:^|_)(?:amount|price|total)(?:$|_)/i.test(property.name)
  );
}

// `deny_if` is left alone by an argument that is absent; `require` would refuse every such call.
function argumentRules(properties: readonly Property[]): JsonObject {
  const own = properties.filter(isOwnText);
  const sql = own.find((property) => property.required && sqlNames.test(property.name));
  const denied = own.flatMap(deniedValue);
  return {
    ...(sql === undefined ? {} : { require: [selectOnly(sql)] }),
    ...(denied.length === 0 ? {} : { deny_if: denied }),
  };
}

function isOwnText(property: Property): boolean {
  const nested = property.path.split('/').length > 3;
  return !nested && property.type === 'string' && property.values.length === 0;
}

function selectOnly(property: Property): JsonObject {
  return {
    path: argumentPath(property),
    op: 'sql_only',
    value: ['select'],
    on_deny: 'only one SELECT statement is let through; ask for a wider rule to do more',
  };
}

function deniedValue(property: Property): JsonObject[] {
  const path = argumentPath(property);
  if (urlNames.test(property.name)) {
    const on_deny = 'only http and https addresses are let through';
    return [{ path, op: 'not_regex', value: '^https?://', on_deny }];
  }
  if (pathNames.test(property.name)) {
    const on_deny = 'a path may not climb out of its directory';
    return [{ path, op: 'regex', value: '(^|[\\\\/])\\.\\.([\\\\/]|$)', on_deny }];
  }
  return [];
}

// POLICY.md, section 2: names that are not plain words are quoted.
function argumentPath({ name }: Property): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `args.${name}` : `args[${JSON.stringify(name)}]`;
}
