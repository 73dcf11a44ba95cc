import * as z from 'zod';
import { methodFamilies, type MethodFamily } from '../identity/grant.ts';
import { approvalsSchema, type ApprovalsEntry } from './approvals-schema.ts';
import { consoleSchema, type ConsoleEntry } from './console-schema.ts';
import {
  auditSchema,
  telemetrySchema,
  type AuditEntry,
  type TelemetryEntry,
} from './audit-schema.ts';

/** The configuration file, as its author writes it. Defaults are not filled in. */
export interface ConfigFile {
  readonly $schema?: string | undefined;
  readonly listen?: ListenEntry | undefined;
  readonly data?: string | undefined;
  readonly audit?: AuditEntry | undefined;
  readonly telemetry?: TelemetryEntry | undefined;
  readonly pins?: { readonly firstList?: FirstList | undefined } | undefined;
  readonly console?: ConsoleEntry | undefined;
  readonly approvals?: ApprovalsEntry | undefined;
  readonly limits?: LimitsEntry | undefined;
  readonly servers: Readonly<Record<string, ServerEntry>>;
  readonly policies?: Readonly<Record<string, PolicyEntry>> | undefined;
  readonly guardrails?: Readonly<Record<string, PolicyEntry>> | undefined;
  readonly grants?: Readonly<Record<string, GrantEntry>> | undefined;
}

export interface ListenEntry {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly origins?: readonly string[] | undefined;
}

export interface LimitsEntry {
  readonly bodyBytes?: number | undefined;
  readonly depth?: number | undefined;
  readonly values?: number | undefined;
  readonly stringLength?: number | undefined;
  readonly answerBytes?: number | undefined;
  readonly answerSeconds?: number | undefined;
  readonly streamsPerGrant?: number | undefined;
  readonly sessionsPerGrant?: number | undefined;
  readonly sameCalls?: number | undefined;
  readonly sameCallsSeconds?: number | undefined;
}

/** What becomes of the first list of tools that a server gives. */
export type FirstList = 'accept' | 'review';

export type ServerEntry = StdioEntry | HttpEntry;

export interface StdioEntry {
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
}

export interface HttpEntry {
  readonly url: string;
  readonly transport?: 'http' | 'sse' | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly allowPrivate?: boolean | undefined;
}

/** A file's name, or a document. */
export type PolicyEntry = string | Readonly<Record<string, unknown>>;

export interface GrantEntry {
  readonly principal: string;
  readonly servers: readonly string[];
  readonly policy: string | Readonly<Record<string, string>>;
  readonly mode?: 'enforce' | 'observe' | undefined;
  readonly methods?: readonly MethodFamily[] | undefined;
  readonly expires?: string | undefined;
  readonly labelsLast?: string | undefined;
  readonly token: { readonly sha256: string } | { readonly env: string };
}

/** Names of servers, grants, policies and guardrails. No underscore: `server__tool` splits once. */
const namePattern = /^[a-z0-9][a-z0-9-]{0,31}$/;
const nameMessage =
  'expected a name of 1 to 32 characters, of a-z 0-9 and -, starting with a letter or digit';

const name = z.string().regex(namePattern, nameMessage).meta({ id: 'name' });

const variables =
  '`${NAME}` is replaced by the environment variable `NAME`; `$$` stands for one `$`.';

const listen = z
  .strictObject({
    host: z.string().min(1).optional().meta({
      description: 'The address to listen on. Default: `127.0.0.1`, this machine alone.',
    }),
    port: z.int().min(0).max(65_535).optional().meta({
      description: 'The port to listen on; 0 takes a free one. Default: 8420.',
    }),
    hosts: z
      .array(
        z
          .string()
          .regex(
            /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)$/,
            'expected a host name in lower case, without scheme and port, as in `gate.example.com`',
          ),
      )
      .optional()
      .meta({ description: 'Names beside localhost under which clients reach this gateway.' }),
    origins: z.array(z.string()).optional().meta({
      description: 'Origins of web pages that may call, as in `https://console.example.com`.',
    }),
  })
  .meta({ description: 'Where the gateway listens, and under which names it answers.' });

const limits = z
  .strictObject({
    bodyBytes: z.int().min(1_024).max(67_108_864).optional().meta({
      description: 'The longest request, in bytes. Default: 1048576.',
    }),
    depth: z.int().min(4).max(256).optional().meta({
      description: 'How deep the JSON of a request may nest. Default: 64.',
    }),
    values: z.int().min(64).max(1_000_000).optional().meta({
      description: 'How many values the JSON of a request may hold. Default: 20000.',
    }),
    stringLength: z.int().min(256).max(67_108_864).optional().meta({
      description: 'The longest string in a request, in UTF-16 units. Default: 1048576.',
    }),
    answerBytes: z.int().min(1_024).max(1_073_741_824).optional().meta({
      description: 'The longest answer of a server, in bytes. Default: 33554432.',
    }),
    answerSeconds: z.int().min(1).max(86_400).optional().meta({
      description: 'How long a server may take to begin an answer, in seconds. Default: 60.',
    }),
    streamsPerGrant: z.int().min(1).max(100_000).optional().meta({
      description: 'Streams that one grant may hold open. Default: 2000.',
    }),
    sessionsPerGrant: z.int().min(1).max(100_000).optional().meta({
      description:
        'Sessions that one grant may have with a server that needs a process or a connection for each, and on `/mcp`. Default: 1000, and never more than half of what the server has.',
    }),
    sameCalls: z.int().min(0).max(1_000_000_000).optional().meta({
      description:
        'How often one grant may make the same call, with the same arguments, before it counts as a loop; 0: as often as it likes. Default: 100.',
    }),
    sameCallsSeconds: z.int().min(1).max(86_400).optional().meta({
      description:
        'In how many seconds, and for how many the call is refused after that. Default: 60.',
    }),
  })
  .meta({ description: 'Bounds of the data path. What is not named keeps its default.' });

const stdioServer = z
  .strictObject({
    command: z
      .string()
      .min(1)
      .meta({
        description: `The program to start, without a shell. ${variables}`,
      }),
    args: z
      .array(z.string())
      .optional()
      .meta({
        description: `Its arguments, passed as they are. ${variables}`,
      }),
    env: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected a variable name of A-Z a-z 0-9 and _'),
        z.string(),
      )
      .optional()
      .meta({ description: `Its whole environment beside PATH and HOME. ${variables}` }),
    cwd: z.string().min(1).optional().meta({
      description: 'The folder it runs in, relative to this file. Default: the gateway’s own.',
    }),
  })
  .meta({ description: 'A server that the gateway starts and speaks to over stdin and stdout.' });

const httpServer = z
  .strictObject({
    url: z
      .string()
      .min(1)
      .meta({
        description: `The server’s MCP endpoint, http or https; or portcullis:catalogue for the gateway’s own catalogue. ${variables}`,
      }),
    transport: z.enum(['http', 'sse']).optional().meta({
      description:
        '`http` is Streamable HTTP; `sse` is the HTTP+SSE of 2024-11-05, whose `url` is that of its event stream. Default: `http`.',
    }),
    headers: z
      .record(z.string(), z.string())
      .optional()
      .meta({
        description: `Headers sent with every request, such as the credential. ${variables}`,
      }),
    allowPrivate: z.boolean().optional().meta({
      description: 'Whether its address may be loopback or private. Default: false.',
    }),
  })
  .meta({ description: 'A server that is reached over HTTP.' });

const policy = z
  .union([
    z.string().min(1).meta({ description: 'The file of a policy, relative to this one.' }),
    z.record(z.string(), z.unknown()).meta({
      id: 'policyDocument',
      description: 'A policy document, written here.',
    }),
  ])
  .meta({ description: 'A policy document, or the file that holds one.' });

const grant = z
  .strictObject({
    principal: z.string().min(1).meta({
      description: 'Who acts: a kind and a name, as in `agent:ci`.',
    }),
    servers: z.array(name).meta({
      description: 'The servers that this grant opens. An empty list opens none.',
    }),
    policy: z
      .union([
        name.meta({ description: 'The policy for all of its servers.' }),
        z.record(name, name).meta({ description: 'Server to policy; a server without is closed.' }),
      ])
      .meta({ description: 'The policy that decides on its calls, or one for each server.' }),
    mode: z.enum(['enforce', 'observe']).optional().meta({
      description:
        '`observe` records what the policy would refuse and forwards it. Default: `enforce`.',
    }),
    methods: z.array(z.enum(methodFamilies)).optional().meta({
      description:
        'Families of methods that are open beside tools. Default: resources, prompts, completion.',
    }),
    expires: z
      .union([z.iso.date(), z.iso.datetime({ offset: true })], {
        error:
          'expected a date or a time with its offset, as in `2027-01-31` or `2027-01-31T12:00:00Z`',
      })
      .optional()
      .meta({
        description: 'When the grant ends; a date is its first moment in UTC. Default: never.',
      }),
    labelsLast: z
      .string()
      .regex(/^[1-9][0-9]{0,5}[smhd]$/, 'expected a time as in `90s`, `30m`, `12h` or `7d`')
      .optional()
      .meta({
        description:
          'How long a label stays after the last call of this grant that set it. Default: `1h`.',
      }),
    token: z
      .union([
        z.strictObject({
          sha256: z
            .string()
            .regex(/^[0-9A-Fa-f]{64}$/, 'expected the SHA-256 of a token, 64 hexadecimal digits')
            .meta({ description: 'The SHA-256 of the token, in hexadecimal.' }),
        }),
        z.strictObject({
          env: z
            .string()
            .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
            .meta({ description: 'The environment variable that holds the token.' }),
        }),
      ])
      .meta({ description: 'What carries the grant. The token itself is never written here.' }),
  })
  .meta({ description: 'Who may use which servers, under which policy.' });

/** The configuration file, as its author writes it. */
export const fileSchema: z.ZodType<ConfigFile> = z
  .strictObject({
    $schema: z.string().optional().meta({ description: 'Where editors find this schema.' }),
    listen: listen.optional(),
    data: z.string().min(1).optional().meta({
      description:
        'The folder of what the gateway keeps, relative to this file. Default: `./data`.',
    }),
    audit: auditSchema(name).optional(),
    telemetry: telemetrySchema.optional(),
    console: consoleSchema.optional(),
    approvals: approvalsSchema(name).optional(),
    pins: z
      .strictObject({
        firstList: z.enum(['accept', 'review']).optional().meta({
          description:
            'Whether the first list of tools that a server gives is accepted as it is, or waits for `portcullis pin accept` like every later change. Default: `accept`.',
        }),
      })
      .optional()
      .meta({ description: 'What is trusted of the tools that servers list.' }),
    limits: limits.optional(),
    servers: z
      .record(name, z.union([stdioServer, httpServer]))
      .meta({ description: 'The MCP servers behind this gateway, by name.' }),
    policies: z.record(name, policy).optional().meta({
      description: 'Policies that grants refer to, by name.',
    }),
    guardrails: z.record(name, policy).optional().meta({
      description: 'Policies that stand above every policy: a call must pass all of them.',
    }),
    grants: z.record(name, grant).optional().meta({
      description: 'Grants that this file declares, by label.',
    }),
  })
  .meta({
    title: 'Portcullis configuration',
    description: 'Servers, policies and grants of one Portcullis gateway.',
  });
