import type { RecordBody } from './record.ts';

/**
 * The decision id of a call that this record says was held: people were asked about it, or their
 * answer let it through. Null for any other record, and for a call that a standing approval let
 * through without asking.
 */
export function heldCallOf(body: RecordBody): string | null {
  if (body.kind === 'refusal') return body.enforcement === 'held' ? body.id : null;
  if (body.kind !== 'approval') return null;
  return body.event === 'asked' || body.event === 'used' ? body.call : null;
}
