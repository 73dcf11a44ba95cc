import { isObject, objectOf, type SchemaObject } from '../ui/definition.ts';
import { parsedJson } from '../ui/json.ts';

/** A rule as JSON: the parser judges it, not the page. */
export type Rule = SchemaObject;

/** What a tool's rule does, at a glance. */
export type State = 'allow' | 'limit' | 'ask' | 'deny' | 'hide' | 'custom';

export const states: readonly State[] = ['allow', 'limit', 'ask', 'deny', 'hide', 'custom'];

/** Where the rule for a tool comes from. */
export interface Standing {
  readonly state: State;
  readonly from: 'tool' | 'category' | 'default';
  readonly rule: Rule;
}

/** A document as JSON; null while the text is none. */
export function documentOf(text: string): SchemaObject | null {
  const value = parsedJson(text);
  return isObject(value) ? value : null;
}

export function textOf(document: SchemaObject): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

export const emptyDocument: string = textOf({ version: '1', default: 'deny', tools: {} });

/** What the document says of a tool of this category: by name, else by category, else by default. */
export function standingOf(document: SchemaObject, tool: string, category: string): Standing {
  const hide = Array.isArray(document['hide']) ? document['hide'] : [];
  const tools = objectOf(document['tools']);
  const own = Object.hasOwn(tools, tool) ? objectOf(tools[tool]) : null;
  if (hide.includes(tool) || hide.includes('*'))
    return { state: 'hide', from: 'tool', rule: own ?? {} };
  if (own !== null) return { state: stateOf(own), from: 'tool', rule: own };
  const categories = objectOf(document['categories']);
  if (Object.hasOwn(categories, category)) {
    const rule = objectOf(categories[category]);
    return { state: stateOf(rule), from: 'category', rule };
  }
  return { state: document['default'] === 'allow' ? 'allow' : 'deny', from: 'default', rule: {} };
}

const plain = new Set([
  'action',
  'reason',
  'approval',
  'limits',
  'rate_limit',
  'labels',
  'input_schema',
]);

export function stateOf(rule: Rule): State {
  const action = rule['action'] ?? 'allow';
  const beyond = Object.keys(rule).some((key) => !plain.has(key));
  const labels = objectOf(rule['labels']);
  const conditional = labels['blocked_by'] !== undefined || labels['approved_by'] !== undefined;
  if (action === 'deny') return 'deny';
  if (action === 'hide') return 'hide';
  if (beyond || conditional) return 'custom';
  const limited = hasItems(rule['limits']) || rule['rate_limit'] !== undefined;
  if (action === 'require_approval') return limited ? 'custom' : 'ask';
  return limited ? 'limit' : 'allow';
}

function hasItems(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** The rule that a click on a state makes. */
export function ruleFor(state: State, tool: string, before: Rule): Rule {
  switch (state) {
    case 'allow':
      return {};
    case 'limit':
      return { limits: [newLimit(tool)] };
    case 'ask':
      return { action: 'require_approval' };
    case 'deny':
      return { action: 'deny' };
    case 'hide':
      return { action: 'hide' };
    case 'custom':
      return stateOf(before) === 'custom' ? before : { ...withoutAction(before), require: [] };
  }
}

function withoutAction(rule: Rule): Rule {
  const { action, ...rest } = rule;
  return action === 'require_approval' ? rule : rest;
}

export function newLimit(tool: string): SchemaObject {
  const counter = `${tool.replace(/[^A-Za-z0-9_]/g, '_')}_rate`;
  return { counter, window: 'minute', max: 30, scope: 'grant' };
}

/** The document with rules for these tools; null takes a rule out. */
export function withRules(
  document: SchemaObject,
  rules: readonly (readonly [tool: string, rule: Rule | null])[],
): SchemaObject {
  const tools = new Map(Object.entries(objectOf(document['tools'])));
  const named = new Set(rules.map(([tool]) => tool));
  for (const [tool, rule] of rules) {
    if (rule === null) tools.delete(tool);
    else tools.set(tool, rule);
  }
  const hide = Array.isArray(document['hide']) ? document['hide'] : null;
  // A rule that was just chosen is in force: `hide` would stand above it.
  const kept = hide?.filter((one) => !named.has(String(one))) ?? null;
  const next: Record<string, unknown> = { ...document, tools: Object.fromEntries(tools) };
  if (kept !== null && kept.length === 0) delete next['hide'];
  else if (kept !== null) next['hide'] = kept;
  return next;
}

/** The document with one of its own fields changed; undefined takes it out. */
export function withField(document: SchemaObject, field: string, value: unknown): SchemaObject {
  const { [field]: _, ...rest } = document;
  return value === undefined
    ? rest
    : field in document
      ? { ...document, [field]: value }
      : { ...rest, [field]: value };
}
