/**
 * The cycles of a graph of files, one for each group of files that reach one another, starting at
 * the first by name. An empty list means that the files can be read bottom to top.
 */
export function findCycles(
  edges: ReadonlyMap<string, readonly string[]>,
): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const finished = new Set<string>();
  for (const start of [...edges.keys()].sort()) {
    if (finished.has(start)) continue;
    const cycle = walk(edges, start, { finished, path: [] });
    if (cycle !== null) cycles.push(cycle);
  }
  return cycles;
}

interface Walk {
  readonly finished: Set<string>;
  readonly path: string[];
}

function walk(
  edges: ReadonlyMap<string, readonly string[]>,
  at: string,
  { finished, path }: Walk,
): string[] | null {
  if (finished.has(at)) return null;
  const seenAt = path.indexOf(at);
  if (seenAt !== -1) {
    const cycle = path.slice(seenAt);
    // Its files are reported once, however many ways lead into the group.
    for (const one of cycle) finished.add(one);
    return cycle;
  }
  path.push(at);
  for (const next of edges.get(at) ?? []) {
    const cycle = walk(edges, next, { finished, path });
    if (cycle !== null) return cycle;
  }
  path.pop();
  finished.add(at);
  return null;
}
