import type { Upstream } from '../gateway/upstream/upstream.ts';
import type { ServerConfig } from '../registry/server.ts';

/** The one connection to each registered server; replaced when its entry changes. */
export class Connections {
  readonly #open: (config: ServerConfig) => Upstream;
  readonly #upstreams = new Map<string, { readonly entry: string; readonly upstream: Upstream }>();

  constructor(open: (config: ServerConfig) => Upstream) {
    this.#open = open;
  }

  find(server: string): Upstream | null {
    return this.#upstreams.get(server)?.upstream ?? null;
  }

  /** Another connection to a registered server, for one use; null when there is no such server. */
  openAnew(server: { readonly config: ServerConfig } | undefined): Upstream | null {
    return server === undefined ? null : this.#open(server.config);
  }

  /** Closes what is gone or changed, opens what is new. Returns the names that changed. */
  apply(configs: Iterable<ServerConfig>): readonly string[] {
    const wanted = new Map([...configs].map((config) => [config.name, config]));
    const changed: string[] = [];
    for (const [name, { entry, upstream }] of this.#upstreams) {
      const config = wanted.get(name);
      if (config !== undefined && JSON.stringify(config) === entry) continue;
      void upstream.close();
      this.#upstreams.delete(name);
      changed.push(name);
    }
    for (const [name, config] of wanted) {
      if (this.#upstreams.has(name)) continue;
      this.#upstreams.set(name, { entry: JSON.stringify(config), upstream: this.#open(config) });
      if (!changed.includes(name)) changed.push(name);
    }
    return changed;
  }

  async close(): Promise<void> {
    const closing = [...this.#upstreams.values()].map(({ upstream }) => upstream.close());
    this.#upstreams.clear();
    await Promise.all(closing);
  }
}
