import type { JsonObject } from '../base/strict-json.ts';
import type { Recording } from './catalogue-store.ts';

/** A server of the seed: what a scan of its package showed. */
export interface SeedServer {
  readonly name: string;
  /** Name in npm; null for what is no package. */
  readonly package: string | null;
  readonly version: string | null;
  /** The licence under which its definitions are kept here. */
  readonly licence: string;
  readonly homepage: string | null;
  readonly protocolVersion: string | null;
  readonly asks: readonly string[];
  readonly tools: readonly JsonObject[];
}

/** One line of the seed, which `scripts/seed-catalogue.ts` writes. */
export function readSeedLine(line: string): SeedServer {
  // The file is ours and has this shape; what the classifier said stands beside and is not read.
  const { says: _, ...seed } = JSON.parse(line) as SeedServer & { readonly says: unknown };
  return seed;
}

/** A server of the seed on its way into the catalogue. */
export function seedReading(seed: SeedServer, atMs: number): Recording {
  const { name, version, protocolVersion, asks, tools, licence, homepage } = seed;
  return {
    observation: {
      name,
      version,
      instructions: null,
      posture: {
        transport: 'stdio',
        where: seed.package ?? 'a stand-in of the demo',
        encrypted: true,
        credentials: null,
        protocolVersion,
        asks,
      },
      tools,
    },
    source: 'seed',
    identity: { package: seed.package, licence, homepage },
    atMs,
  };
}
