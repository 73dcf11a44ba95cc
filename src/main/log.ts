import type { Log, LogFields } from '../base/log.ts';
import { systemClock } from './clock.ts';

/** One JSON object a line, to a writer of bytes: for machines, and for people with `jq`. */
export function jsonLog(write: (line: string) => void): Log {
  const line = (level: string, event: string, fields: LogFields | undefined): void => {
    const time = new Date(systemClock.nowMs()).toISOString();
    write(`${JSON.stringify({ time, level, event, ...fields })}\n`);
  };
  return {
    info: (event, fields) => line('info', event, fields),
    warn: (event, fields) => line('warn', event, fields),
    error: (event, fields) => line('error', event, fields),
  };
}

/** Warnings and errors alone: for a command whose output a person reads. */
export function quietLog(log: Log): Log {
  return { ...log, info() {} };
}
