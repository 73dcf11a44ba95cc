import type { ServerConfig } from './server.ts';

/**
 * What a server is told by: where it is, or which program it is. What was reviewed of its tools is
 * reviewed of this one. Queries, options and environments may hold secrets and change for reasons
 * of their own, and a port of this machine may be another at every start: these do not count.
 */
export function originOf(config: ServerConfig): string {
  if (config.transport === 'stdio') {
    const program = config.args.find((argument) => !argument.startsWith('-'));
    return JSON.stringify(['stdio', config.command, program ?? null]);
  }
  const url = URL.parse(config.url);
  if (url === null) return JSON.stringify([config.transport, null]);
  const host = isOwn(url.hostname) ? url.hostname : url.host;
  return JSON.stringify([config.transport, `${url.protocol}//${host}${url.pathname}`]);
}

function isOwn(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}
