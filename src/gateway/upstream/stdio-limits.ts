/** Bounds of a stdio server: sizes in bytes, times in milliseconds, the rest are counts. */
export interface StdioLimits {
  /** One message of the server. A longer line kills the process. */
  readonly lineBytesMax: number;
  /** What may wait for a process that does not read. */
  readonly stdinBytesMax: number;
  /** What may wait for one listener that is paused. */
  readonly bufferBytesMax: number;
  /** Requests of one process without an answer; of the shared one, those that are no streams. */
  readonly inFlightMax: number;
  /** Streams that modern clients hold open with the shared process. */
  readonly streamsMax: number;
  /** Messages of a legacy session that wait for a stream. */
  readonly queuedMax: number;
  readonly queuedBytesMax: number;
  /** Legacy sessions, each of which is a process. */
  readonly sessionsMax: number;
  /** Of them, those of one grant. */
  readonly sessionsPerGrantMax: number;
  /** A session that nobody uses for so long is ended. */
  readonly sessionIdleMs: number;
  readonly graceMs: number;
  /** Lines that are no message, a minute; more kill the process. */
  readonly noisePerMinuteMax: number;
  /** Messages that belong to nobody, in ten seconds; more kill the process. */
  readonly strayPerTenSecondsMax: number;
  /** Waits between starts of a process that keeps ending. */
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

/** What holds where the operator says nothing. */
export const stdioLimitDefaults: StdioLimits = {
  lineBytesMax: 16_777_216,
  stdinBytesMax: 33_554_432,
  bufferBytesMax: 1_048_576,
  inFlightMax: 2_048,
  streamsMax: 100_000,
  queuedMax: 256,
  queuedBytesMax: 1_048_576,
  sessionsMax: 128,
  sessionsPerGrantMax: 1_000,
  sessionIdleMs: 1_800_000,
  graceMs: 2_000,
  noisePerMinuteMax: 1_000,
  strayPerTenSecondsMax: 20_000,
  backoffMinMs: 1_000,
  backoffMaxMs: 60_000,
};
