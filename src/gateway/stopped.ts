import { stopFor, type Stop } from '../registry/stops.ts';
import type { Gateway } from './gateway.ts';
import type { ExchangeOwner } from './upstream/upstream.ts';

/** What an operator has stopped of this caller's; null in ordinary times. */
export function stopOf(gateway: Pick<Gateway, 'snapshot'>, caller: ExchangeOwner): Stop | null {
  return stopFor(gateway.snapshot(), caller.grant.id, caller.server);
}

/** What an agent is told, and through it whoever runs it. */
export function stopSentence({ kind, label, reason }: Stop): string {
  const what = {
    all: 'every call through this gateway',
    grant: 'every call of this grant',
    server: 'every call to this server',
  };
  const flag = { all: '--all', grant: `--grant ${label}`, server: `--server ${label}` };
  const why = reason === null ? '' : ` (${reason})`;
  return `the operator has stopped ${what[kind]}${why}; nothing was done, and trying again does not help until they release it with \`portcullis stop ${flag[kind]} --release\``;
}
