import { fileURLToPath } from 'node:url';

import { reportOf } from '../../catalogue/scan.ts';
import { goesThrough, wrapped, type OwnCommand } from '../../clients/between.ts';
import type { ClientServer } from '../../clients/client.ts';
import { withCommand } from '../../clients/edit.ts';
import type { Variant } from '../../classify/recommend.ts';
import { parseToml, type FoundConfiguration } from '../clients/find.ts';
import { observeClientServer, type ScanBounds } from '../scan/targets.ts';
import { keepPolicy } from './state.ts';

/** What is to become of one configuration. */
export interface Plan {
  readonly found: FoundConfiguration;
  /** The text that shall stand there; the same as before when nothing is to change. */
  readonly text: string;
  readonly servers: readonly PlannedServer[];
}

export interface PlannedServer {
  readonly name: string;
  readonly change: 'put-between' | 'already' | 'left-alone';
  /** Why it is left alone, or where its policy is. */
  readonly detail: string;
}

/** This very program, by full paths. */
export function ownCommand(): OwnCommand {
  const script = fileURLToPath(new URL('../../../bin/portcullis.mjs', import.meta.url));
  return { node: process.execPath, script };
}

/**
 * Scans each server of a configuration and works out the text that puts the gateway in front of it
 * with the policy that is recommended. Writes policies into `folder`, and nothing else.
 */
export async function planFor(
  found: FoundConfiguration,
  about: {
    readonly folder: string;
    readonly only: string | null;
    readonly bounds: ScanBounds;
    readonly variant: Variant;
    readonly gateways: readonly string[];
  },
): Promise<Plan> {
  let text = found.text;
  const servers: PlannedServer[] = [];
  for (const server of found.servers) {
    if (about.only !== null && server.name !== about.only) continue;
    const planned = await planServer({ ...found, text }, server, about);
    text = planned.text;
    servers.push(planned.server);
  }
  return { found, text, servers };
}

async function planServer(
  found: FoundConfiguration,
  server: ClientServer,
  about: Parameters<typeof planFor>[1],
): Promise<{ readonly text: string; readonly server: PlannedServer }> {
  const { name, entry } = server;
  const leave = (detail: string) => ({
    text: found.text,
    server: { name, change: 'left-alone' as const, detail },
  });
  if (goesThrough(entry, about.gateways)) {
    return { text: found.text, server: { name, change: 'already', detail: 'goes through it' } };
  }
  if (entry.transport === 'other') return leave(entry.why);
  if (entry.transport === 'http') {
    return leave(
      'a server on the network: register its address with a running gateway (`portcullis up`), and give the client a grant',
    );
  }
  const observed = await observeClientServer(server, about.bounds);
  if (!observed.ok)
    return leave(`its tools could not be read, so no policy can be recommended: ${observed.error}`);
  const { policy } = reportOf(observed.value, about.variant);
  const path = keepPolicy(about.folder, `${found.client.id}-${name}`, policy);
  const to = wrapped(entry, path, ownCommand());
  const edited = withCommand(found.client, found.text, { server, to, parseToml });
  if (!edited.ok) return leave(edited.error);
  return { text: edited.value, server: { name, change: 'put-between', detail: path } };
}
