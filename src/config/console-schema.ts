import * as z from 'zod';

import type { UserRole } from '../identity/user.ts';

/** What the console may do and where it is, as the file says it. */
export interface ConsoleEntry {
  readonly privateServers?: boolean | undefined;
  readonly url?: string | undefined;
  readonly oidc?: OidcEntry | undefined;
}

export interface OidcEntry {
  readonly name?: string | undefined;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: { readonly env: string } | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly role: {
    readonly claim: string;
    readonly values: Readonly<Record<string, UserRole>>;
  };
  readonly create?: boolean | undefined;
}

const oidc = z
  .strictObject({
    name: z.string().min(1).max(64).optional().meta({
      description: 'What people know it as: it stands on the button. Default: the issuer’s host.',
    }),
    issuer: z.string().min(1).meta({
      description:
        'The provider, as its own description names it, as in `https://login.example.com`. https, or http on this machine.',
    }),
    clientId: z.string().min(1).max(512).meta({
      description: 'What this gateway is called there.',
    }),
    clientSecret: z
      .strictObject({
        env: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
          .meta({ description: 'The environment variable that holds the client’s secret.' }),
      })
      .optional()
      .meta({ description: 'Default: none, for a client that is registered as public.' }),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'expected a scope without spaces'))
      .optional()
      .meta({ description: 'What is asked for beside `openid`. Default: `["profile"]`.' }),
    role: z
      .strictObject({
        claim: z.string().min(1).meta({
          description:
            'The claim of the ID token that says what somebody may be, or a JSON Pointer to it, as in `groups` or `/realm_access/roles`.',
        }),
        values: z
          .record(z.string(), z.enum(['viewer', 'approver', 'policy-manager', 'admin']))
          .meta({
            description:
              'Value of the claim to role. Of several the strongest counts; without one nobody is let in.',
          }),
      })
      .meta({ description: 'How the provider’s word becomes a role here.' }),
    create: z.boolean().optional().meta({
      description:
        'Whether somebody becomes a user by signing in; `false`: only whom an administrator added before. Default: `true`.',
    }),
  })
  .meta({ description: 'An OpenID provider by which people sign in to the console.' });

/** The member `console` of the configuration. */
export const consoleSchema: z.ZodType<ConsoleEntry> = z
  .strictObject({
    privateServers: z.boolean().optional().meta({
      description:
        'Whether a server may be added in the console whose address is loopback or private. Default: `false`.',
    }),
    url: z.string().min(1).optional().meta({
      description:
        'The address under which people open the console, as in `https://gate.example.com`: passkeys belong to it, and an OpenID provider sends people back to it. Default: wherever it is opened.',
    }),
    oidc: oidc.optional(),
  })
  .meta({ description: 'What the console may do, where people find it, and how they sign in.' });
