import * as z from 'zod';

/** Who answers held calls, and how they are reached, as the file says it. */
export interface ApprovalsEntry {
  readonly holdSeconds?: number | undefined;
  readonly url?: string | undefined;
  readonly pending?: number | undefined;
  readonly pendingPerGrant?: number | undefined;
  readonly approvers?: Readonly<Record<string, ApproverEntry>> | undefined;
  readonly webhook?: WebhookEntry | undefined;
}

export interface ApproverEntry {
  readonly principal: string;
  readonly roles?: readonly string[] | undefined;
  readonly token: { readonly sha256: string } | { readonly env: string };
}

export interface WebhookEntry {
  readonly url: string;
  readonly secret: { readonly env: string };
  readonly principal: string;
  readonly roles?: readonly string[] | undefined;
  readonly arguments?: boolean | undefined;
}

const roles = z
  .array(z.string().regex(/^[^\s:]{1,64}$/, 'expected a role: a word without a colon'))
  .optional()
  .meta({ description: 'Roles that policies name under `approval.approvers`.' });

const environmentName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected a variable name of A-Z a-z 0-9 and _');

const token = z.union([
  z.strictObject({
    sha256: z
      .string()
      .regex(/^[0-9A-Fa-f]{64}$/, 'expected a SHA-256 digest: 64 hexadecimal characters')
      .meta({ description: 'SHA-256 of the token, in hexadecimal.' }),
  }),
  z.strictObject({
    env: environmentName.meta({ description: 'The environment variable that holds the token.' }),
  }),
]);

/** The member `approvals` of the configuration. `name` is the schema of an approver's name. */
export function approvalsSchema(name: z.ZodType<string>): z.ZodType<ApprovalsEntry> {
  const approver = z
    .strictObject({
      principal: z.string().min(1).meta({
        description: 'Who answers: a kind and a name, as in `person:anna`. Never an agent.',
      }),
      roles,
      token: token.meta({ description: 'What the approver’s answers carry. Never a grant’s.' }),
    })
    .meta({ description: 'Somebody who answers held calls over the control API.' });
  return z
    .strictObject({
      holdSeconds: z.int().min(0).max(55).optional().meta({
        description:
          'How long a held call keeps its client waiting before it is told to call again, in seconds. Default: 45.',
      }),
      url: z.string().min(1).optional().meta({
        description:
          'Where approvers reach this gateway’s pages, as in `https://gate.example.com`. Default: the address it listens on.',
      }),
      pending: z.int().min(1).max(100_000).optional().meta({
        description: 'How many calls may wait for people at once. Default: 10000.',
      }),
      pendingPerGrant: z.int().min(1).max(100_000).optional().meta({
        description: 'How many of them of one grant. Default: 100.',
      }),
      approvers: z.record(name, approver).optional().meta({
        description: 'Approvers beside the operator, by name.',
      }),
      webhook: z
        .strictObject({
          url: z.string().min(1).meta({
            description: 'Where every held call is announced, http or https.',
          }),
          secret: z.strictObject({ env: environmentName }).meta({
            description:
              'The environment variable with the secret that announcements are signed with.',
          }),
          principal: z.string().min(1).meta({
            description: 'Whose answers come back this way, as in `service:chat`.',
          }),
          roles,
          arguments: z.boolean().optional().meta({
            description: 'Whether announcements hold the arguments’ values. Default: false.',
          }),
        })
        .optional()
        .meta({ description: 'Announces held calls to a program, and takes its answers.' }),
    })
    .meta({ description: 'Who answers calls that a policy holds, and how they are asked.' });
}
