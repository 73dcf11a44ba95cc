import type { Stop } from '../registry/stops.ts';
import type { Caller } from './caller.ts';
import type { Downstream } from './downstream.ts';
import type { Gateway } from './gateway.ts';
import { methodRecord } from './records.ts';
import { answerError, codes } from './reply.ts';
import { stopSentence } from './stopped.ts';

/** Refuses what is no tool call, on record. */
export async function refuseStopped(
  gateway: Gateway,
  caller: Pick<Caller, 'grant' | 'server'>,
  {
    stop,
    method,
    id,
    status,
  }: {
    readonly stop: Stop;
    readonly method: string;
    /** JSON text of the request's id; null where nothing waits for an answer. */
    readonly id: string | null;
    readonly status: number;
  },
  downstream: Downstream,
): Promise<void> {
  const name = method.slice(0, 128);
  const about = {
    method: name,
    direction: 'to-server',
    decision: 'deny',
    code: 'stopped',
  } as const;
  await gateway.audit.append(methodRecord(gateway, caller, about));
  answerError(downstream, status, { id, code: codes.refused, message: stopSentence(stop) });
}
