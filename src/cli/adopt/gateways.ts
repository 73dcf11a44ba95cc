import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Addresses of the gateway that runs on a data folder: as it wrote it, and by the name of this machine. */
export function gatewaysOf(dataDir: string): readonly string[] {
  try {
    const run: unknown = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8'));
    const found = typeof run === 'object' && run !== null && 'url' in run ? run.url : null;
    const url = typeof found === 'string' ? URL.parse(found) : null;
    return url === null ? [] : [url.origin, `http://localhost:${url.port}`];
  } catch {
    return [];
  }
}
