import * as z from 'zod';

/** Bytes as base64url: what an authenticator answers is a few hundred of them. */
export const bytes: z.ZodString = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,16384}$/, 'expected up to 16384 characters of base64url');

interface Credential {
  readonly id: z.ZodString;
  readonly rawId: z.ZodString;
  readonly type: z.ZodLiteral<'public-key'>;
}

/** Members of every answer of `navigator.credentials` (WebAuthn, §5.1). */
export const credential: Credential = { id: bytes, rawId: bytes, type: z.literal('public-key') };

/** Options of a ceremony, as `navigator.credentials` takes them. */
export const options: z.ZodObject<{ challenge: z.ZodString }, z.core.$loose> = z.looseObject({
  challenge: z.string(),
});
