import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import type { PinnedTool } from '../policy/index.ts';
import { isObject, objectOf, textOf, textsOf } from './json.ts';

/** One hostile use of one tool, and the rule that would refuse, hold or limit it. */
export interface Try {
  /** What is tried, for a person: behind the tool's name. */
  readonly what: string;
  readonly arguments: JsonObject;
  /** How often the call is made. */
  readonly times: number;
  /** Members of the tool's rule that close it. */
  readonly fix: JsonObject;
}

/** A way to abuse tools: the tries that fit a tool; none where it cannot be abused so. */
export type Abuse = (tool: PinnedTool) => readonly Try[];

/** Arguments that take any text. */
const freeText =
  /(^|_|[a-z])(text|body|message|content|comment|note|line|title|subject|description|summary|reason|mood|reference)s?$/i;

const stranger = 'phan@collector.evil.example';
/** Stands in rules where the author has to put their own values. */
export const placeholder = 'example.com';

/** The ways that entries name in `abuses`, but for those that take two tools. */
export const abuses: Readonly<Record<string, Abuse>> = {
  'spare-argument': spareArgument,
  'send-out': (tool) =>
    onArguments(tool, /^(to|recipients?|emails?|phone|number|channel|chat)(_?id)?$/i, (name) => ({
      what: `${name} can be anybody`,
      value: stranger,
      fix: { approve_if: [{ path: `args.${name}`, op: 'exists', value: true }] },
    })),
  'copy-out': (tool) =>
    onArguments(tool, /^(bcc|cc|copy_?to)$/i, (name) => ({
      what: `${name} can be anybody`,
      value: stranger,
      fix: { deny_if: [{ path: `args.${name}`, op: 'exists', value: true }] },
    })),
  'read-path': (tool) =>
    onArguments(
      tool,
      /(^|_)(path|file|file_?name|dir|directory|folder|source|destination)$/i,
      (name) => ({
        what: `${name} can be any file`,
        value: '/srv/shared/../../home/user/.ssh/id_ed25519',
        fix: {
          require: [{ path: `args.${name}`, op: 'path_within', value: ['/srv/shared'] }],
        },
      }),
    ),
  'fetch-url': (tool) =>
    onArguments(tool, /(^|_)(url|uri|link|href|endpoint|webhook)$/i, (name) => ({
      what: `${name} can be an inner address`,
      value: 'http://169.254.169.254/latest/meta-data/',
      fix: { require: [{ path: `args.${name}`, op: 'url_host_in', value: [`.${placeholder}`] }] },
    })),
  'link-in-text': (tool) =>
    isRead(tool)
      ? []
      : onArguments(tool, freeText, (name) => ({
          what: `${name} can hold a link that carries data`,
          value: 'see https://evil.example/?d=the-secret',
          fix: { deny_if: [{ path: `args.${name}`, op: 'regex', value: '(?i)https?://' }] },
        })),
  'secret-in-text': (tool) =>
    isRead(tool)
      ? []
      : onArguments(tool, freeText, (name) => ({
          what: `${name} can hold a key`,
          value: '-----BEGIN PRIVATE KEY-----',
          fix: { deny_if: [{ path: `args.${name}`, op: 'contains', value: 'PRIVATE KEY' }] },
        })),
  'use-handle': (tool) =>
    onArguments(tool, /(^|_)(handle|cart|basket)(_?id)?$/i, (name) => ({
      what: `${name} can be the handle of somebody else`,
      value: 'cart_of-another',
      fix: { require: [{ path: 'principal.id', op: 'in', value: ['agent:example'] }] },
    })),
  'long-text': (tool) =>
    isRead(tool)
      ? []
      : onArguments(tool, freeText, (name) => ({
          what: `${name} takes the whole conversation`,
          value: 'all that was said so far. '.repeat(400),
          fix: { require: [{ path: `args.${name}`, op: 'length_lte', value: 2_000 }] },
        })),
  'run-sql': (tool) =>
    /sql|query|database|db|execute|statement/i.test(tool.name)
      ? onArguments(tool, /^(sql|query|statement|command)$/i, (name) => ({
          what: `${name} can change the database`,
          value: 'select 1; drop table users',
          fix: { require: [{ path: `args.${name}`, op: 'sql_only', value: ['select'] }] },
        }))
      : [],
  'run-command': (tool) =>
    tool.category === 'Execute' || /exec|shell|command|run|scale|convert/i.test(tool.name)
      ? onArguments(tool, /./, (name) => ({
          what: `${name} can be an option or a command`,
          value: '--config=/tmp/evil; touch pwned',
          fix: {
            require: [{ path: `args.${name}`, op: 'regex', value: '^[A-Za-z0-9][A-Za-z0-9._-]*$' }],
          },
        }))
      : [],
  'new-payee': (tool) =>
    isMoney(tool)
      ? onArguments(
          tool,
          /payee|iban|account|beneficiary|wallet|address|recipient|^to$/i,
          (name) => ({
            what: `${name} can be any account`,
            value: 'XX99EVIL',
            fix: { approve_if: [{ path: `args.${name}`, op: 'exists', value: true }] },
          }),
        )
      : [],
  'move-money': moveMoney,
  destroy: (tool) =>
    tool.category === 'Destructive' ||
    /delete|drop|purge|destroy|transfer_app|wipe/i.test(tool.name)
      ? [plain(tool, 'nobody is asked', { action: 'require_approval' })]
      : [],
  repeat: (tool) => {
    const limit = { counter: `${tool.name}_rate`, window: 'minute', max: 60, scope: 'grant' };
    return [{ ...plain(tool, 'five hundred times in a minute', { limits: [limit] }), times: 500 }];
  },
};

/** A call that is nothing but a call. */
export function plain(tool: PinnedTool, what: string, fix: JsonObject): Try {
  return { what, arguments: sample(tool), times: 1, fix };
}

/** Whether a tool takes text along to somebody or somewhere. */
export function carriesText(tool: PinnedTool): boolean {
  const names = Object.keys(schemaOf(tool).properties);
  return !isRead(tool) && names.some((name) => freeText.test(name));
}

function isRead(tool: PinnedTool): boolean {
  return tool.category === 'Read';
}

function isMoney(tool: PinnedTool): boolean {
  return tool.category === 'Financial' || /transfer|pay|charge|refund|invoice/i.test(tool.name);
}

function spareArgument(tool: PinnedTool): readonly Try[] {
  // Of a tool whose arguments are not known no rule could say which of them are spare.
  if (!isObject(tool.inputSchema) || !isObject(tool.inputSchema['properties'])) return [];
  const { properties, required } = schemaOf(tool);
  const schema: JsonObject = {
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
  return [
    {
      what: 'an argument that it does not have carries a secret',
      arguments: { ...sample(tool), sidenote: '-----BEGIN PRIVATE KEY----- x' },
      times: 1,
      fix: { arguments: schema },
    },
  ];
}

function moveMoney(tool: PinnedTool): readonly Try[] {
  if (!isMoney(tool)) return [];
  const { properties } = schemaOf(tool);
  const amounts = Object.keys(properties).filter((name) => /amount|value|sum|total/i.test(name));
  return amounts.map((name) => ({
    what: `${name} in many parts`,
    arguments: { ...sample(tool), [name]: 10_000 },
    times: 3,
    fix: {
      limits: [
        {
          counter: `${tool.name}_${name}`,
          window: 'day',
          max: 10_000,
          scope: 'principal',
          cost: `args.${name}`,
        },
      ],
    },
  }));
}

interface Hostile {
  readonly what: string;
  readonly value: string;
  readonly fix: JsonObject;
}

/** One try for each text argument whose name fits. */
function onArguments(
  tool: PinnedTool,
  names: RegExp,
  make: (name: string) => Hostile,
): readonly Try[] {
  const { properties } = schemaOf(tool);
  return Object.entries(properties).flatMap(([name, schema]) => {
    if (!names.test(name) || !/^[\w-]+$/.test(name) || !isObject(schema)) return [];
    const list = schema['type'] === 'array';
    const text = schema['type'] === 'string' && schema['enum'] === undefined;
    if (!text && !(list && textOf(objectOf(schema, 'items'), 'type') === 'string')) return [];
    const { what, value, fix } = make(name);
    const args = { ...sample(tool), [name]: list ? [value] : value };
    const every = list ? withPath(fix, `args.${name}`, `args.${name}[*]`) : fix;
    return [{ what, arguments: args, times: 1, fix: every }];
  });
}

function withPath(fix: JsonObject, from: string, to: string): JsonObject {
  const text = JSON.stringify(fix).replaceAll(JSON.stringify(from), JSON.stringify(to));
  // What was JSON is JSON with one text of it replaced.
  return JSON.parse(text) as JsonObject;
}

interface ToolSchema {
  readonly properties: JsonObject;
  readonly required: readonly string[];
}

function schemaOf({ inputSchema }: PinnedTool): ToolSchema {
  const schema = isObject(inputSchema) ? inputSchema : {};
  return { properties: objectOf(schema, 'properties'), required: textsOf(schema, 'required') };
}

/** Arguments that an honest call could have: the required ones, each of its type. */
function sample(tool: PinnedTool): JsonObject {
  const { properties, required } = schemaOf(tool);
  return Object.fromEntries(required.map((name) => [name, sampleOf(objectOf(properties, name))]));
}

function sampleOf(schema: JsonObject): JsonValue {
  const choices = schema['enum'];
  if (Array.isArray(choices) && choices.length > 0) return (choices[0] ?? null) as JsonValue;
  switch (schema['type']) {
    case 'number':
    case 'integer':
      return 1;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'object':
      return {};
    default:
      return 'x';
  }
}
