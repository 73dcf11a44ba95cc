import { categories, operatorNames, scopes } from './document.ts';
import {
  choice,
  integer,
  list,
  may,
  must,
  pathText,
  patternText,
  prose,
  text,
  word,
} from './shape.ts';
import type { Field, FormsShape, ObjectShape, Shape } from './shape.ts';

/** Every field of the language: the parser and `spec/policy.schema.json` are both made from this. */

/** One year of seconds: the longest window that a number can name. */
const windowSecondsMax = 31_622_400;

const anyJson: Shape = { kind: 'any', schema: false };
const yesOrNo: Shape = { kind: 'boolean', falseToo: true };

/** What the literal of each operator must be, for editors; the parser asks the operator itself. */
export const operandShapes: Readonly<Record<(typeof operatorNames)[number], Field>> = {
  eq: must(anyJson, 'Deep equality, without coercion.'),
  neq: must(anyJson, 'Deep inequality, without coercion.'),
  in: must(list(anyJson), 'Equal to one element.'),
  not_in: must(list(anyJson), 'Equal to no element.'),
  lt: must(anyNumber(), 'Less than; numbers only.'),
  lte: must(anyNumber(), 'At most; numbers only.'),
  gt: must(anyNumber(), 'Greater than; numbers only.'),
  gte: must(anyNumber(), 'At least; numbers only.'),
  regex: must(text('a regular expression'), 'RE2 syntax; linear time.'),
  not_regex: must(text('a regular expression'), 'RE2 syntax; linear time.'),
  contains: must(anyJson, 'A substring of a string, or an element of a list.'),
  not_contains: must(anyJson, 'No substring of a string, or no element of a list.'),
  exists: must(yesOrNo, 'Whether the path is present (`true`) or absent (`false`).'),
  length_lte: must(integer(0), 'At most so many characters, elements or keys.'),
  length_gte: must(integer(0), 'At least so many characters, elements or keys.'),
  path_within: must(list(text(), 1), 'Roots: the file path stays inside one of them.'),
  url_host_in: must(list(text(), 1), 'Hosts; `.example.com` admits its subdomains.'),
  email_domain_in: must(list(text(), 1), 'Domains: every address in the value is in one of them.'),
  sql_only: must(list(text(), 1), 'Statement classes: the text is one statement of these.'),
};

const comparison: Readonly<Record<string, Field>> = {
  path: must(
    pathText('path'),
    'Where to look: `args.amount`, `args["a.b"]`, `args.items[0].id`, `args.to[*]`, ' +
      '`principal.id`, `principal.kind`, `grant.label`, `server.name`, `tool.name`, ' +
      '`tool.category`, `tool.risk`, `time.hour` (UTC), `time.weekday` (UTC, Monday is 1, Sunday ' +
      'is 7), `session.labels`.',
  ),
  op: must(word(...operatorNames), 'How to compare.'),
  value: must(anyJson, 'What to compare with.'),
};

const naming: Readonly<Record<string, Field>> = {
  id: may(text(), 'The last part of the rule id, instead of the path and the operator.'),
  on_deny: may(prose(), 'What the agent is told, instead of the sentence made for it.'),
};

const condition: ObjectShape = {
  kind: 'object',
  name: 'condition',
  fields: comparison,
  check: 'condition',
};

const predicate: FormsShape = {
  kind: 'forms',
  name: 'predicate',
  key: 'conditions',
  long: {
    kind: 'object',
    name: 'predicate_long',
    fields: {
      conditions: must(list(condition), 'All must hold; an empty list always holds.'),
      ...naming,
    },
    check: null,
  },
  short: {
    kind: 'object',
    name: 'predicate_short',
    fields: { ...comparison, ...naming },
    check: 'condition',
  },
};

const limit: ObjectShape = {
  kind: 'object',
  name: 'limit',
  fields: {
    counter: must(text(), 'The name of the counter; limits with one name share it.'),
    window: may(
      choice(word('minute', 'hour', 'day', 'month'), integer(1, windowSecondsMax)),
      'How long units stay taken: a name, or a number of seconds.',
    ),
    max: may(integer(0), 'Units admitted per window; 0 admits no call, whatever it costs.'),
    scope: must(word(...scopes), 'Whose calls are counted together.'),
    cost: may(
      choice({ kind: 'number', integer: false, min: 0, max: Number.MAX_SAFE_INTEGER }, cost()),
      'Units that one call takes: a number, or the path to one. Without it, 1.',
    ),
    increment_from: may(cost(), 'The path to the units that one call takes; older form of `cost`.'),
    align: may(word('calendar'), 'Start anew at the UTC minute, hour, day or month.'),
    concurrent: may(
      choice(integer(0), { kind: 'boolean', falseToo: false }),
      'Instead of `window`: calls in flight at once, as a number, or `true` beside `max`.',
    ),
    on_deny: may(prose(), 'What the agent is told when the limit is reached.'),
  },
  check: 'limit',
};

const predicates = list(predicate);
const limits = list(limit);
const words = list(text());

const allTools: ObjectShape = {
  kind: 'object',
  name: 'all_tools',
  fields: {
    require: may(predicates, 'Every one must hold, for every tool.'),
    deny_if: may(predicates, 'Any that holds refuses, for every tool.'),
    limits: may(limits, 'Limits that every call takes from.'),
  },
  check: null,
};

const rule: ObjectShape = {
  kind: 'object',
  name: 'rule',
  fields: {
    action: may(
      word('allow', 'deny', 'hide', 'require_approval'),
      'What becomes of a call that nothing else refuses. Without it, `allow`.',
    ),
    reason: may(prose(), 'Shown to the agent when `action` refuses or holds.'),
    input_schema: may(
      word('enforce', 'off'),
      'Whether arguments must satisfy the pinned schema of the tool, whatever the document says.',
    ),
    arguments: may(
      { kind: 'any', schema: true },
      'A JSON Schema that the arguments must satisfy. No remote references.',
    ),
    require: may(predicates, 'Every one must hold.'),
    deny_if: may(predicates, 'Any that holds refuses.'),
    approve_if: may(predicates, 'Any that holds makes the call wait for a person.'),
    approval: may(approvalShape(), 'Who is asked, and for how long.'),
    limits: may(limits, 'Limits that the call takes from.'),
    rate_limit: may(rateLimitShape(), 'Short form of one limit of scope `session`.'),
    labels: may(labelsShape(), 'How data may flow from one tool to another.'),
  },
  check: null,
};

/** The whole document. */
export const documentShape: ObjectShape = {
  kind: 'object',
  name: 'policy',
  fields: {
    version: must(word('1'), 'The version of the language.'),
    description: may(prose(), 'Text for people.'),
    default: must(word('deny', 'allow'), 'For tools that nothing below names.'),
    hide: may(list(text()), 'Exact tool names to leave out of lists and to refuse; `*` hides all.'),
    hide_denied: may(yesOrNo, 'Also hide every tool that this policy can never permit.'),
    input_schema: may(word('enforce'), 'Arguments must satisfy the pinned schema of the tool.'),
    all_tools: may(allTools, 'For every call that is not hidden, unknown or denied outright.'),
    tools: may(
      { kind: 'map', keys: null, of: rule },
      'Exact tool name to rule. Under `"default": "deny"`, `{}` allows the tool.',
    ),
    categories: may(
      { kind: 'map', keys: categories, of: rule },
      'Category to rule, for tools that `tools` does not name.',
    ),
  },
  check: 'document',
};

function approvalShape(): ObjectShape {
  const duration = patternText('^[1-9][0-9]{0,5}[smh]$', 'a duration such as `30s`, `10m`, `2h`');
  return {
    kind: 'object',
    name: 'approval',
    fields: {
      timeout: may(duration, 'How long the question stays open. Without it, `10m`.'),
      approvers: may(choice(text(), list(text(), 1)), 'A role, a principal, or a list of them.'),
      quorum: may(integer(1), 'How many people must say yes. Without it, 1.'),
    },
    check: null,
  };
}

function rateLimitShape(): ObjectShape {
  return {
    kind: 'object',
    name: 'rate_limit',
    fields: {
      max: must(integer(0), 'Calls admitted per window.'),
      window: must(integer(1, windowSecondsMax), 'Seconds.'),
    },
    check: null,
  };
}

function labelsShape(): ObjectShape {
  return {
    kind: 'object',
    name: 'labels',
    fields: {
      adds: may(words, 'Labels that a call of this tool puts on its principal.'),
      blocked_by: may(words, 'Labels that refuse the call.'),
      approved_by: may(words, 'Labels that make the call wait for a person.'),
    },
    check: null,
  };
}

function cost(): Shape {
  return pathText('cost-path');
}

function anyNumber(): Shape {
  return {
    kind: 'number',
    integer: false,
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
  };
}
