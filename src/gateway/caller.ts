import type { Grant } from '../identity/grant.ts';
import type { Session } from './session.ts';

/** Who asks, on which endpoint, in which session: all of it vetted. */
export interface Caller {
  readonly grant: Grant;
  readonly server: string;
  /** The legacy session, or null where there is none. */
  readonly session: Session | null;
  /** A session id was sent that is not one of this grant's: legacy messages are answered 404. */
  readonly sessionUnknown: boolean;
  /** The aggregate session that the client names, on the endpoint of all servers. */
  readonly aggregateId: string | null;
  /** One server's share of an aggregate session: ids of what the server asks carry its name. */
  readonly isPart: boolean;
  /** The aggregated name that the client called a tool by; absent where it used the tool's own. */
  readonly askedAs?: string;
  /** `MCP-Protocol-Version` as sent, or null. */
  readonly protocolVersion: string | null;
  /** Header lines that travel on untouched: `Mcp-Param-*` and `Last-Event-ID`. */
  readonly passedHeaders: Readonly<Record<string, string>>;
  /** The client's name as it declared it; kept in records as such. */
  readonly clientDeclared: string | null;
}
