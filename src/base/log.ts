/** One structured line. Fields never hold a secret, an argument's value or a token. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Discards everything: for tests and for pure callers. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };
