/** A registered MCP server, as the operator's file declares it. */
export type ServerConfig = HttpServerConfig | StdioServerConfig;

export interface HttpServerConfig {
  readonly name: string;
  /** Streamable HTTP, or the HTTP+SSE of 2024-11-05 (`url` is then that of its event stream). */
  readonly transport: 'http' | 'sse';
  readonly url: string;
  /** Sent with every request: the gateway's own credential for this server. */
  readonly headers: Readonly<Record<string, string>>;
  /** The address may be loopback or private. */
  readonly allowPrivate: boolean;
}

export interface StdioServerConfig {
  readonly name: string;
  readonly transport: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  /** The child's whole environment beside PATH and HOME. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
}
