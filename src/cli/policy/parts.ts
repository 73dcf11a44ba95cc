import type { AuditFiles } from '../../audit/audit-files.ts';
import type { Io } from '../io.ts';

/** What the commands are given: where they write, what time it is, how a log is opened. */
export interface PolicyCommandParts {
  readonly io: Io;
  /** Milliseconds since the Unix epoch, for `--since 2h`. */
  readonly nowMs: () => number;
  readonly open: (dir: string) => AuditFiles;
  /** Ends `policy test --watch`. */
  readonly signal: AbortSignal;
}
