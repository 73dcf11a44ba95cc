import { existsSync } from 'node:fs';
import { homedir } from 'node:os';

import { parse as parseTomlText } from 'smol-toml';

import { err, ok, type Result } from '../../base/result.ts';
import {
  misshapen,
  serversIn,
  type ClientKind,
  type ClientServer,
  type Machine,
} from '../../clients/client.ts';
import { clients } from '../../clients/clients.ts';
import { parseConfiguration } from '../../clients/parse.ts';
import { environment } from '../../config/environment.ts';
import { readText } from '../../config/text-file.ts';

/** A client's configuration that is there, with the servers that it names. */
export interface FoundConfiguration {
  readonly client: ClientKind;
  readonly path: string;
  readonly text: string;
  readonly servers: readonly ClientServer[];
}

/** What was found, and one line for every file that could not be read. */
export interface Found {
  readonly configurations: readonly FoundConfiguration[];
  readonly problems: readonly string[];
}

/** Looks for the configuration of every known client; only files that are there are read. */
export function findConfigurations(machine: Machine = thisMachine()): Found {
  const configurations: FoundConfiguration[] = [];
  const problems: string[] = [];
  for (const client of clients) {
    for (const path of new Set(client.places(machine))) {
      if (!existsSync(path)) continue;
      const read = readConfiguration(client, path);
      if (!read.ok) {
        problems.push(read.error);
        continue;
      }
      const { problems: own, ...found } = read.value;
      configurations.push(found);
      problems.push(...own);
    }
  }
  return { configurations, problems };
}

/** Reads one file as this client reads it. */
export function readConfiguration(
  client: ClientKind,
  path: string,
): Result<FoundConfiguration & { readonly problems: readonly string[] }, string> {
  const text = readText(path);
  if (!text.ok) return text;
  const root = parseConfiguration(client, text.value, parseToml);
  if (!root.ok) return err(`\`${path}\` cannot be read as ${client.name} does: ${root.error}`);
  const problems = misshapen(client, root.value).map(
    (what) => `\`${path}\` (${client.name}): ${what}`,
  );
  return ok({ client, path, text: text.value, servers: serversIn(client, root.value), problems });
}

/** TOML as a value, or the first problem in one line. */
export function parseToml(text: string): Result<unknown, string> {
  try {
    return ok(parseTomlText(text));
  } catch (error) {
    return err(error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'not TOML');
  }
}

/** The machine that this command runs on. */
export function thisMachine(): Machine {
  const own = environment();
  const platform = process.platform === 'darwin' || process.platform === 'win32';
  return {
    platform: platform ? (process.platform as 'darwin' | 'win32') : 'linux',
    home: own['HOME'] ?? homedir(),
    folder: process.cwd(),
    configHome: own['XDG_CONFIG_HOME'] ?? null,
    appData: own['APPDATA'] ?? null,
  };
}
