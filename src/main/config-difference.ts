import { isDeepStrictEqual } from 'node:util';

import { differenceText, jsonDifference } from '../base/json-difference.ts';
import type { Config } from '../config.ts';

/** What a record says of an edited file, in fields that hold no secret. */
export type ConfigDifference = Readonly<Record<string, string>>;

const charactersMax = 4_000;

/**
 * What an edited file changes: of policies and guardrails every place with its value before and
 * after, of servers and grants the places alone, as credentials stand among their values.
 */
export function configDifference(before: Config, after: Config): ConfigDifference {
  const open = { values: true, charactersMax };
  const closed = { values: false, charactersMax };
  const texts = {
    servers: differenceText(jsonDifference(serversOf(before), serversOf(after)), closed),
    grants: differenceText(jsonDifference(grantsOf(before), grantsOf(after)), closed),
    policies: differenceText(jsonDifference(policiesOf(before), policiesOf(after)), open),
    guardrails: differenceText(jsonDifference(guardrailsOf(before), guardrailsOf(after)), open),
  };
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));
}

/** Whether two readings of the file say the same. What is compiled of a document is not compared. */
export function sameConfig(one: Config, other: Config): boolean {
  return isDeepStrictEqual(comparable(one), comparable(other));
}

/** Sections of the file that are read at the start alone, and say something else now. */
export function readAtStart(started: Config, now: Config): readonly string[] {
  const { dataDir: data, listen, audit, telemetry, console, limits } = now;
  const before: Readonly<Record<string, unknown>> = { ...started, data: started.dataDir };
  return Object.entries({ listen, data, audit, telemetry, console, limits })
    .filter(([name, value]) => !isDeepStrictEqual(value, before[name]))
    .map(([name]) => name);
}

function comparable(config: Config): object {
  const hashes = [...config.policies].map(([name, { hash }]) => [name, hash]);
  const guardrails = guardrailsOf(config);
  return { ...config, policies: hashes, guardrails, grants: grantsOf(config) };
}

function serversOf({ servers }: Config): object {
  return Object.fromEntries(servers);
}

/** When the file was changed stands in its grants, too: that alone is no change of a grant. */
function grantsOf({ grants }: Config): object {
  return Object.fromEntries(grants.map((grant) => [grant.label, { ...grant, createdMs: 0 }]));
}

function policiesOf({ policies }: Config): object {
  return Object.fromEntries([...policies].map(([name, { compiled }]) => [name, compiled.document]));
}

function guardrailsOf({ guardrails }: Config): object {
  return Object.fromEntries(guardrails.map(({ name, policy }) => [name, policy.document]));
}
