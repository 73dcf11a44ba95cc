import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { hashToken, newToken } from '../../src/identity/token.ts';

/** One grant of an operator's file. */
export interface FileGrant {
  readonly label: string;
  readonly token: string;
  readonly servers: readonly string[];
  readonly policy: string;
  readonly methods?: readonly string[];
  /** `agent:<label>` when absent. */
  readonly principal?: string;
  readonly mode?: 'enforce' | 'observe';
  readonly labelsLast?: string;
}

/** What an operator's file says; policies are written as files of their own beside it. */
export interface OperatorFile {
  readonly servers: Readonly<Record<string, object>>;
  readonly policies: Readonly<Record<string, object>>;
  readonly grants: readonly FileGrant[];
  /** Sections of the file beside these. */
  readonly more?: object;
}

/** A grant with a token of its own. */
export function fileGrant(label: string, servers: readonly string[], policy: string): FileGrant {
  return { label, servers, policy, token: newToken() };
}

/** Writes `portcullis.json` and its policies into a folder; returns the file's path. */
export async function writeOperatorFile(folder: string, file: OperatorFile): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, document] of Object.entries(file.policies)) {
    await replace(join(folder, `${name}.policy.json`), document);
  }
  const path = join(folder, 'portcullis.json');
  await replace(path, operatorFile(file));
  return path;
}

/** The file's value: policies by the names of their files, tokens by their hashes. */
export function operatorFile({ servers, policies, grants, more = {} }: OperatorFile): object {
  const entries = grants.map(({ label, token, methods, ...grant }) => [
    label,
    {
      principal: `agent:${label}`,
      ...grant,
      ...(methods === undefined ? {} : { methods }),
      token: { sha256: hashToken(token) },
    },
  ]);
  const named = Object.keys(policies).map((name) => [name, `./${name}.policy.json`]);
  return {
    ...more,
    servers,
    policies: Object.fromEntries(named),
    grants: Object.fromEntries(entries),
  };
}

/** Replaces a file by a rename, so that nobody reads half of it. */
export async function replace(path: string, value: object | string): Promise<void> {
  const text = typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`;
  await writeFile(`${path}.draft`, text);
  await rename(`${path}.draft`, path);
}

/** Every record of a data folder's log, oldest first. */
export async function recordsOf(
  segments: readonly string[],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const texts = await Promise.all(segments.map((path) => readFile(path, 'utf8')));
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}
