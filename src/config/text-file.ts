import { readFileSync } from 'node:fs';

import { err, ok, type Result } from '../base/result.ts';

/** The text of a file, `-` being standard input; the error says why there is none. */
export function readText(path: string): Result<string, string> {
  try {
    const bytes = readFileSync(path === '-' ? 0 : path);
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    return err(whyUnread(path, error));
  }
}

/** Why a file cannot be read, and what to do; a text that is not UTF-8 has no code. */
export function whyUnread(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no file \`${path}\`: check its name`;
    case 'EISDIR':
      return `\`${path}\` is a folder: name a file in it`;
    case 'EACCES':
    case 'EPERM':
      return `\`${path}\` may not be read by this user: check its rights`;
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return `\`${path}\` is not UTF-8: save it in that encoding`;
    default:
      return `\`${path}\` cannot be read (${code || 'unknown'})`;
  }
}
