/** Where a client's configuration may lie: facts of the machine, as arguments. */
export interface Machine {
  readonly platform: 'linux' | 'darwin' | 'win32';
  readonly home: string;
  /** The folder that the user is in: some clients keep a file for each project. */
  readonly folder: string;
  /** `XDG_CONFIG_HOME`, or null. */
  readonly configHome: string | null;
  /** `APPDATA` on Windows, or null. */
  readonly appData: string | null;
}

/** One MCP client: where its configuration is, and where in it the servers stand. */
export interface ClientKind {
  readonly id: string;
  readonly name: string;
  readonly format: 'json' | 'toml';
  /** Absolute paths, the user's own file first. */
  readonly places: (machine: Machine) => readonly string[];
  /** Paths of members that are there to hold servers by name, whatever they hold. */
  readonly tables: (root: unknown) => readonly (readonly string[])[];
  /** Members for the address of a remote server, the usual one first. */
  readonly urlMembers: readonly string[];
  readonly headersMember: string;
}

/** A server of a client's configuration, in the words of every client. */
export interface ClientServer {
  readonly name: string;
  /** Path of its entry in the configuration, as member names. */
  readonly path: readonly string[];
  readonly entry: StdioEntry | HttpEntry | OtherEntry;
}

export interface StdioEntry {
  readonly transport: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
}

export interface HttpEntry {
  readonly transport: 'http';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An entry that cannot be read as a server; `why` is for a person. */
export interface OtherEntry {
  readonly transport: 'other';
  readonly why: string;
}

/** The servers of a parsed configuration; what has another shape is no server. */
export function serversIn(client: ClientKind, root: unknown): readonly ClientServer[] {
  return client.tables(root).flatMap((path) => {
    const table = memberAt(root, path);
    return Object.entries(table ?? {}).map(([name, value]) => ({
      name,
      path: [...path, name],
      entry: entryOf(client, value),
    }));
  });
}

/** What of a configuration has a shape in which no server can be read, for a person; often nothing. */
export function misshapen(client: ClientKind, root: unknown): readonly string[] {
  if (objectOf(root) === null) return ['it holds no object'];
  const wrong = client.tables(root).filter((path) => memberAt(root, path) === null);
  return wrong.map(
    (path) => `\`${path.join('.')}\` is no object: the servers in it cannot be read`,
  );
}

/** Whether something stands at a path of members. */
export function isThere(root: unknown, path: readonly string[]): boolean {
  const last = path.at(-1);
  const holder = memberAt(root, path.slice(0, -1));
  return last !== undefined && holder !== null && holder[last] !== undefined;
}

/** The object at a path of members, or null. */
export function memberAt(
  root: unknown,
  path: readonly string[],
): Readonly<Record<string, unknown>> | null {
  let at: unknown = root;
  for (const member of path) at = objectOf(at)?.[member];
  return objectOf(at);
}

/** A configuration that holds its servers in one member. */
export function oneTable(member: string): ClientKind['tables'] {
  return (root) => (isThere(root, [member]) ? [[member]] : []);
}

/** The folder in which a desktop program keeps its settings. */
export function settingsFolder(machine: Machine): string {
  if (machine.platform === 'win32') return machine.appData ?? `${machine.home}/AppData/Roaming`;
  if (machine.platform === 'darwin') return `${machine.home}/Library/Application Support`;
  return machine.configHome ?? `${machine.home}/.config`;
}

function entryOf(client: ClientKind, value: unknown): ClientServer['entry'] {
  const entry = objectOf(value);
  if (entry === null) return { transport: 'other', why: 'it is no object' };
  const url = client.urlMembers
    .map((member) => entry[member])
    .find((one) => typeof one === 'string');
  if (typeof url === 'string') {
    return { transport: 'http', url, headers: textsOf(entry[client.headersMember]) };
  }
  // An older form of Zed's keeps the command line in an object.
  const nested = objectOf(entry['command']);
  const command = nested === null ? entry['command'] : nested['path'];
  if (typeof command !== 'string' || command === '') {
    return { transport: 'other', why: 'it names neither a command nor an address' };
  }
  const from = nested ?? entry;
  const args = Array.isArray(from['args']) ? from['args'] : [];
  return {
    transport: 'stdio',
    command,
    args: args.map(String),
    env: textsOf(from['env']),
    cwd: typeof entry['cwd'] === 'string' ? entry['cwd'] : null,
  };
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [name, text] of Object.entries(objectOf(value) ?? {})) {
    if (typeof text === 'string') texts[name] = text;
  }
  return texts;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  // Every object that is not a list can be read by string keys; the values stay unknown.
  return value as Readonly<Record<string, unknown>>;
}
