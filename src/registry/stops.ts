/** An operator's order that calls are not made until it is taken back. */
export interface Stop {
  readonly kind: 'all' | 'grant' | 'server';
  /** The grant's id or the server's name; empty for `all`. */
  readonly name: string;
  /** What people call it: the grant's label, the server's name, `everything`. */
  readonly label: string;
  /** The operator's own words for the agents, or null. */
  readonly reason: string | null;
  readonly actor: string;
  /** Milliseconds since the Unix epoch. */
  readonly sinceMs: number;
}

/** What is stopped now. */
export interface Stops {
  readonly all: Stop | null;
  /** By the grant's id. */
  readonly grants: ReadonlyMap<string, Stop>;
  readonly servers: ReadonlyMap<string, Stop>;
}

/** The stop that refuses what a grant asks of a server; null when there is none. */
export function stopFor(
  { stops }: { readonly stops?: Stops },
  grantId: string,
  server: string,
): Stop | null {
  if (stops === undefined) return null;
  return stops.all ?? stops.grants.get(grantId) ?? stops.servers.get(server) ?? null;
}

/** The stops by what they are looked for; undefined where there is none, as in most snapshots. */
export function stopsOf(all: readonly Stop[]): Stops | undefined {
  if (all.length === 0) return undefined;
  const named = (kind: Stop['kind']): ReadonlyMap<string, Stop> =>
    new Map(all.filter((stop) => stop.kind === kind).map((stop) => [stop.name, stop]));
  return {
    all: all.find((stop) => stop.kind === 'all') ?? null,
    grants: named('grant'),
    servers: named('server'),
  };
}

/** The stops but this one. */
export function without(
  all: readonly Stop[],
  { kind, name }: Pick<Stop, 'kind' | 'name'>,
): readonly Stop[] {
  return all.filter((stop) => stop.kind !== kind || stop.name !== name);
}
