import * as z from 'zod';

/** How records are kept, as the file says it. */
export interface AuditEntry {
  readonly durability?: 'process' | 'power' | undefined;
  readonly keepDays?: number | undefined;
  readonly record?: Readonly<Record<string, Readonly<Record<string, RecordEntry>>>> | undefined;
  readonly sink?: SinkEntry | undefined;
}

/** What records hold of a tool's arguments. */
export type RecordEntry =
  | 'digests'
  | 'values'
  | { readonly level: 'digests' | 'values'; readonly redact?: readonly string[] | undefined };

export type SinkEntry =
  | { readonly file: string }
  | { readonly url: string; readonly headers?: Readonly<Record<string, string>> | undefined };

/** What the gateway tells about itself. */
export interface TelemetryEntry {
  readonly openTelemetry?: boolean | undefined;
  readonly metrics?: 'operator' | 'anyone' | undefined;
}

const level = z.enum(['digests', 'values']).meta({
  description:
    '`digests` keeps a keyed digest of each argument, `values` the arguments as well, without secrets.',
});

const recordEntry = z.union([
  level,
  z.strictObject({
    level,
    redact: z
      .array(
        z
          .string()
          .regex(
            /^(\/([^~/]|~[01])*)+$/,
            'expected a JSON Pointer into the arguments, as in `/card/number`; `*` stands for any member',
          ),
      )
      .optional()
      .meta({ description: 'Paths into the arguments whose values are never kept.' }),
  }),
]);

/** The member `audit` of the configuration. `name` is the schema of a server's name. */
export function auditSchema(name: z.ZodType<string>): z.ZodType<AuditEntry> {
  return z
    .strictObject({
      durability: z.enum(['process', 'power']).optional().meta({
        description:
          'What a record survives before its call is forwarded: the end of the `process`, or a loss of `power`. Default: `process`.',
      }),
      keepDays: z.int().min(1).max(36_500).optional().meta({
        description:
          'How long records are kept, in days; whole segments go once all of it is older. Default: for ever.',
      }),
      record: z
        .record(name, z.record(z.string().min(1), recordEntry))
        .optional()
        .meta({
          description:
            'Server to tool to what records hold of its arguments, beside names and one digest of all; `*` stands for every other tool.',
        }),
      sink: z
        .union([
          z
            .strictObject({
              file: z.string().min(1).meta({
                description: 'The file that every record is appended to, relative to this one.',
              }),
            })
            .meta({ description: 'A copy in a file, such as on another disk.' }),
          z
            .strictObject({
              url: z.string().min(1).meta({
                description:
                  'Where batches of records are posted, as JSON lines. `${NAME}` is replaced by the environment variable `NAME`.',
              }),
              headers: z.record(z.string(), z.string()).optional().meta({
                description:
                  'Headers sent with every batch, such as the credential; variables are replaced.',
              }),
            })
            .meta({ description: 'A copy sent over HTTP.' }),
        ])
        .optional()
        .meta({
          description: 'A second place for every record. It may lag; it never loses one.',
        }),
    })
    .meta({ description: 'How records are kept.' });
}

/** The member `telemetry` of the configuration. */
export const telemetrySchema: z.ZodType<TelemetryEntry> = z
  .strictObject({
    openTelemetry: z.boolean().optional().meta({
      description:
        'Whether calls become spans and metrics of the OpenTelemetry SDK that is loaded beside the gateway. Default: false.',
    }),
    metrics: z.enum(['operator', 'anyone']).optional().meta({
      description:
        'Who may read `/metrics`: the holder of the operator key, or whoever reaches the port. Default: `operator`.',
    }),
  })
  .meta({ description: 'What the gateway tells about itself.' });
