import { readFileSync } from 'node:fs';
import { canonicalJson } from '../../base/canonical-json.ts';
import { scanJson } from '../../base/strict-json.ts';
import { createDigest } from '../../audit/redact.ts';
import type { AuditPaths } from './audit-paths.ts';

const limits = { bytesMax: 1_048_576, depthMax: 64, valuesMax: 20_000, stringMax: 1_048_576 };

/**
 * The digests under which a value may stand in records: of the text itself and, where it is JSON,
 * of what it means. Throws what `node:fs` throws where the installation's key cannot be read.
 */
export function digestsOfValue(paths: AuditPaths, value: string): readonly string[] {
  const key = Buffer.from(readFileSync(paths.digestKey, 'latin1').trim(), 'base64url');
  const digest = createDigest(key);
  const meanings = [JSON.stringify(value), value].flatMap((json) => {
    const scanned = scanJson(Buffer.from(json), limits);
    return scanned.ok ? [digest(canonicalJson(scanned.value))] : [];
  });
  return [...new Set(meanings)];
}
