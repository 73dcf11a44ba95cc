import type { AuditConfig } from '../config.ts';
import type { Recording } from '../audit/recorded-value.ts';

/** What records hold of each tool's arguments; null when the operator asks for nothing. */
export function recordingOf({ record }: AuditConfig): Recording | null {
  if (record.size === 0) return null;
  return (server, tool) => {
    const tools = record.get(server);
    return tools?.get(tool) ?? tools?.get('*') ?? null;
  };
}
