import { fileURLToPath } from 'node:url';

/** What the demo's configuration is made of. */
export interface DemoParts {
  /** The demo servers that listen on HTTP. */
  readonly servers: readonly { readonly name: string; readonly url: string }[];
  /** Folder of the ready policies. */
  readonly policiesDir: string;
  /** The ready policy of the filesystem server, with the demo's folder in place of its own. */
  readonly filesPolicy: string;
  /** A folder with a few files, for the filesystem server. */
  readonly filesDir: string;
  /** The program that runs children: this Node. */
  readonly node: string;
  /** The real filesystem server's program, or null where it is not installed. */
  readonly filesystemServer: string | null;
  /** The address that stands for the gateway's own catalogue. */
  readonly catalogueUrl: string;
  readonly tokenSha256: string;
}

/** The demo, as an operator's file like any other: what a person reads to write their own. */
export function demoConfig(parts: DemoParts): object {
  const { servers, filesystemServer, node, policiesDir } = parts;
  const orchard = fileURLToPath(new URL(`./orchard${extension}`, import.meta.url));
  const entries: Record<string, object> = { orchard: { command: node, args: [orchard] } };
  for (const server of servers) entries[server.name] = { url: server.url, allowPrivate: true };
  if (filesystemServer !== null) {
    entries['files'] = { command: node, args: [filesystemServer, parts.filesDir] };
  }
  // The catalogue of this gateway, for agents that ask before they install.
  entries['registry'] = { url: parts.catalogueUrl };
  const names = Object.keys(entries).toSorted();
  const policyOf = (name: string): string =>
    name === 'files' ? parts.filesPolicy : `${policiesDir}/${name}.json`;
  return {
    console: { privateServers: true },
    servers: Object.fromEntries(names.map((name) => [name, entries[name]])),
    policies: Object.fromEntries(names.map((name) => [name, policyOf(name)])),
    grants: {
      demo: {
        principal: 'agent:demo',
        servers: names,
        policy: Object.fromEntries(names.map((name) => [name, name])),
        token: { sha256: parts.tokenSha256 },
      },
    },
  };
}

/** `.ts` in a checkout, `.js` in the published package. */
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
