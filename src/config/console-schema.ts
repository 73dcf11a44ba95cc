import * as z from 'zod';

/** What the console may do and where it is, as the file says it. */
export interface ConsoleEntry {
  readonly privateServers?: boolean | undefined;
  readonly url?: string | undefined;
}

/** The member `console` of the configuration. */
export const consoleSchema: z.ZodType<ConsoleEntry> = z
  .strictObject({
    privateServers: z.boolean().optional().meta({
      description:
        'Whether a server may be added in the console whose address is loopback or private. Default: `false`.',
    }),
    url: z.string().min(1).optional().meta({
      description:
        'The address under which people open the console, as in `https://gate.example.com`: passkeys belong to it. Default: wherever it is opened.',
    }),
  })
  .meta({ description: 'What the console may do, and where people find it.' });
