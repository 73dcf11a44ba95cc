import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type * as z from 'zod';

import { err, ok, type Result } from '../base/result.ts';
import { compilePolicy, parsePolicy } from '../policy/index.ts';
import { factsSchema, scenarioSchema, type Attack } from './attack.ts';
import { isObject, jsonOf } from './json.ts';

/** The database that comes with the program. */
export const databaseDir: string = fileURLToPath(new URL('../../attacks', import.meta.url));

/** Every entry of a database, by id; the error is one line for each file that cannot be used. */
export async function loadAttacks(
  dir: string = databaseDir,
): Promise<Result<readonly Attack[], readonly string[]>> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => null);
  if (entries === null) return err([`\`${dir}\` cannot be read: reinstall the program`]);
  const attacks: Attack[] = [];
  const problems: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const loaded = await loadAttack(dir, entry.name);
    if (loaded.ok) attacks.push(loaded.value);
    else problems.push(...loaded.error);
  }
  if (problems.length > 0) return err(problems);
  return ok(attacks.toSorted((a, b) => (a.facts.id < b.facts.id ? -1 : 1)));
}

async function loadAttack(dir: string, slug: string): Promise<Result<Attack, readonly string[]>> {
  const [facts, scenario, policy, text] = await Promise.all([
    readAs(factsSchema, join(dir, slug, 'attack.json')),
    readAs(scenarioSchema, join(dir, slug, 'scenario.json')),
    readPolicy(join(dir, slug, 'policy.json')),
    readText(join(dir, slug, 'README.md')),
  ]);
  if (facts.ok && scenario.ok && policy.ok && text.ok) {
    const parts = { facts: facts.value, scenario: scenario.value, policy: policy.value };
    return ok({ slug, ...parts, text: text.value });
  }
  return err([facts, scenario, policy, text].flatMap((part) => (part.ok ? [] : [part.error])));
}

async function readText(path: string): Promise<Result<string, string>> {
  const text = await readFile(path, 'utf8').catch(() => null);
  return text === null ? err(`\`${path}\` cannot be read`) : ok(text);
}

async function readAs<T>(schema: z.ZodType<T>, path: string): Promise<Result<T, string>> {
  const text = await readText(path);
  if (!text.ok) return text;
  const parsed = schema.safeParse(jsonOf(text.value));
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  return err(`${path}: /${issue?.path.join('/') ?? ''}: ${issue?.message ?? 'not understood'}`);
}

async function readPolicy(path: string): Promise<Result<Attack['policy'], string>> {
  const text = await readText(path);
  if (!text.ok) return text;
  const document = parsePolicy(text.value);
  const compiled = document.ok ? compilePolicy(document.value) : document;
  if (!compiled.ok) {
    const [problem] = compiled.error;
    return err(`${path}: ${problem?.pointer ?? ''}: ${problem?.message ?? 'not a policy'}`);
  }
  const value = jsonOf(text.value);
  return isObject(value) ? ok(value) : err(`${path}: not an object`);
}
