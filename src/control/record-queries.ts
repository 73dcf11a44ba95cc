import * as z from 'zod';

import type { StoredRecord } from '../audit/chain.ts';
import type { ControlDeps } from './deps.ts';
import type { Send } from './route.ts';

export const text: z.ZodOptional<z.ZodString> = z.string().min(1).max(1_024).optional();
export const number: z.ZodOptional<z.ZodCoercedNumber> = z.coerce.number().int().min(0).optional();

const decision: z.ZodOptional<
  z.ZodEnum<{ allow: 'allow'; deny: 'deny'; refused: 'refused'; held: 'held' }>
> = z.enum(['allow', 'deny', 'refused', 'held']).optional();

/** What records are looked for by, beside what each search has of its own. */
export const recordFilters: Readonly<
  Record<'grant' | 'principal' | 'server' | 'tool' | 'rule', typeof text>
> &
  Readonly<Record<'sinceMs' | 'untilMs', typeof number>> & { readonly decision: typeof decision } =
  {
    grant: text,
    principal: text,
    server: text,
    tool: text,
    rule: text,
    decision,
    sinceMs: number,
    untilMs: number,
  };

const heartbeatMs = 15_000;

/** Sends each record after a number, then each new one, and a `beat` while nothing happens. */
export async function follow(
  { files }: Pick<ControlDeps, 'files'>,
  at: { readonly after: number; readonly signal: AbortSignal; readonly send: Send },
  each: (record: StoredRecord) => Promise<void>,
): Promise<void> {
  const beat = setInterval(() => void at.send('beat', null), heartbeatMs);
  await files.follow(at.after, each, at.signal).finally(() => clearInterval(beat));
}
