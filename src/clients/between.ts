import type { ClientServer, StdioEntry } from './client.ts';
import type { NewCommand } from './edit.ts';

/** How this program is started from anywhere. */
export interface OwnCommand {
  /** The program that runs scripts, by its full path. */
  readonly node: string;
  /** The script, by its full path. */
  readonly script: string;
}

/** The command that puts the gateway between a client and a stdio server, under this policy. */
export function wrapped(entry: StdioEntry, policyPath: string, own: OwnCommand): NewCommand {
  const { command, args } = entry;
  return {
    command: own.node,
    args: [own.script, 'run', '--policy', policyPath, '--', command, ...args],
  };
}

/** Whether an entry goes through a gateway already: wrapped, or addressed to one. */
export function goesThrough(entry: ClientServer['entry'], gateways: readonly string[]): boolean {
  if (entry.transport === 'http') {
    const url = URL.parse(entry.url);
    return url !== null && gateways.includes(url.origin) && url.pathname.endsWith('/mcp');
  }
  if (entry.transport !== 'stdio') return false;
  const words = [entry.command, ...entry.args];
  const run = words.indexOf('run');
  const program = words
    .slice(0, run)
    .some((word) => /(?:^|[\\/])portcullis(?:\.m?[jt]s|\.cmd)?$|[\\/]cli\.ts$/.test(word));
  return run > 0 && program && words.includes('--policy');
}
