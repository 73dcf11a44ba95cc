import type { Result } from '../base/result.ts';
import type { CompiledPolicy, PinnedTool } from '../policy/index.ts';

/** A draft, and which recorded calls are put to it. */
export interface SimulationQuestion {
  readonly policy: CompiledPolicy;
  readonly server: string;
  /** The reviewed tools of the server; null when they are not known. */
  readonly tools: readonly PinnedTool[] | null;
  /** Grant id -> label. */
  readonly labels: ReadonlyMap<string, string>;
  /** Grants whose calls are reported; null for all. */
  readonly grants: ReadonlySet<string> | null;
  /** Calls from then on are reported. Milliseconds since the Unix epoch. */
  readonly sinceMs: number;
}

/** One recorded call whose answer the draft changes, or may change. */
export interface SimulatedCall {
  readonly id: string;
  readonly seq: number;
  readonly time: number;
  readonly grant: string;
  readonly tool: string;
  readonly was: string;
  readonly wasRule: string;
  /** Null when the record does not tell. */
  readonly becomes: string | null;
  readonly rules: readonly string[];
}

/** What a draft would have done to the recorded calls. */
export interface Simulation {
  readonly calls: number;
  readonly unchanged: number;
  readonly changed: readonly SimulatedCall[];
  readonly cannotTell: readonly SimulatedCall[];
  /** How many there are of each; the lists hold the newest of them. */
  readonly changedCount: number;
  readonly cannotTellCount: number;
}

/** The port of the replay over the log. The error is a sentence. */
export type Simulate = (question: SimulationQuestion) => Promise<Result<Simulation, string>>;
