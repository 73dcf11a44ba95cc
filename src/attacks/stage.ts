import type { JsonObject } from '../base/strict-json.ts';
import type { Target } from './client.ts';

/** A server as the operator's file names it. */
export type StageServer =
  | { readonly url: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly command: string; readonly args: readonly string[] };

/** What a gateway is set up with. */
export interface StageOptions {
  readonly servers: Readonly<Record<string, StageServer>>;
  readonly policy: JsonObject;
  /** Families of methods that the grants open; null for the gateway's default. */
  readonly methods: readonly string[] | null;
  /** One grant for each of these, over all servers. */
  readonly agents: readonly string[];
  /** A folder of its own. */
  readonly folder: string;
}

/** What stands between the agents and the servers during one run. */
export interface Stage {
  /** Where an agent reaches a server; null when there is no such server. */
  endpoint(server: string, agent: string): Target | null;
  /** Where plain HTTP for a server goes. */
  base(server: string): string;
  /** What the operator's own requests carry; null where there is no gateway. */
  readonly operatorKey: string | null;
  /** A person allows the calls that wait and hold a text. */
  approve(containing: string): Promise<void>;
  /** Sets the gateway up afresh, with nothing reviewed, and accepts whatever waits for review. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the real gateway. */
export type OpenStage = (options: StageOptions) => Promise<Stage>;
