import { parseDocument } from 'yaml';

import { err, ok, type Result } from '../../base/result.ts';
import type { JsonObject, JsonValue } from '../../base/strict-json.ts';
import { parsePolicy } from '../../policy/index.ts';
import { importRule, isMap, type ImportedRule, type ImportNote } from './import-rule.ts';

/** A policy in the form that people write, and what of the source it does not say. */
export interface Imported {
  readonly document: JsonObject;
  readonly notes: readonly ImportNote[];
}

/**
 * Reads a policy of the older YAML format: `version`, `description`, `default`, `hide`, and `tools`
 * with lists of rules that have conditions, a `rate_limit` or a `state` counter. Whatever does not
 * translate becomes a refusal, and is noted. The error is for a text that is no such policy.
 */
export function importYaml(text: string): Result<Imported, string> {
  const source = readYaml(text);
  if (!source.ok) return source;
  if (isOwn(text, source.value)) return err(ownAlready);
  const { version, description, default: fallback, hide, tools, ...unknown } = source.value;
  if (String(version) !== '1') return err('`version` is not `"1"`: only that version is read');
  if (tools !== undefined && !isMap(tools)) return err('`tools` is no map of tool names');
  if (description !== undefined && typeof description !== 'string') {
    return err('`description` is no text');
  }
  const notes: ImportNote[] = [];
  const refusals = Object.keys(unknown).map((key) => {
    const denial = `\`${key}\` is not known: every call is refused until it is written by hand`;
    notes.push({ pointer: `/${key}`, kind: 'denied', text: denial });
    return refuseAll(`the imported policy says \`${key}\`, which was not understood`);
  });
  const hidden = hiddenNames(hide, notes);
  if (hidden === null) refusals.push(refuseAll('the imported `hide` was not understood'));
  const entries = importTools(tools ?? {}, notes);
  const shared = entries.shared;
  const document: Record<string, JsonValue> = {
    version: '1',
    ...(description === undefined ? {} : { description }),
    default: posture(fallback, notes),
    ...(hidden === null || hidden.length === 0 ? {} : { hide: hidden }),
  };
  const deny_if = [...refusals, ...shared.deny_if];
  const all = {
    ...(shared.require.length > 0 ? { require: shared.require } : {}),
    ...(deny_if.length > 0 ? { deny_if } : {}),
    ...(shared.limits.length > 0 ? { limits: shared.limits } : {}),
  };
  if (Object.keys(all).length > 0) document['all_tools'] = all;
  document['tools'] = entries.tools;
  const checked = parsePolicy(JSON.stringify(document));
  if (checked.ok) return ok({ document, notes });
  const [first] = checked.error;
  return err(`the translation does not load: ${first?.pointer ?? ''}: ${first?.message ?? ''}`);
}

const ownAlready =
  'it is a policy of this program already: use it as it is, or see what `policy check` says of it';

/** Members of rules and documents that the older format does not have. */
const ownMembers = ['action', 'require', 'deny_if', 'approve_if', 'limits', 'labels', 'arguments'];
const ownRoots = ['all_tools', 'categories', 'input_schema', 'hide_denied'];

/** JSON that loads here, or whose members are those of this language, mistakes in it or not. */
function isOwn(text: string, value: Readonly<Record<string, unknown>>): boolean {
  if (text.trimStart().startsWith('{') && parsePolicy(text).ok) return true;
  const { tools } = value;
  const rules = isMap(tools) ? Object.values(tools).filter(isMap) : [];
  return (
    ownRoots.some((key) => key in value) ||
    rules.some((rule) => ownMembers.some((key) => key in rule))
  );
}

function readYaml(text: string): Result<Readonly<Record<string, unknown>>, string> {
  const parsed = parseDocument(text, { schema: 'core', uniqueKeys: true, stringKeys: true });
  const [fault] = [...parsed.errors, ...parsed.warnings];
  if (fault !== undefined) {
    // Below its first line the message draws the place.
    const [what = ''] = fault.message.split('\n', 1);
    return err(`the text is not YAML as it is read here: ${what.replace(/:$/, '')}`);
  }
  try {
    const value: unknown = parsed.toJS({ maxAliasCount: 100 });
    return isMap(value)
      ? ok(value)
      : err('expected a map at the top level, with the policies of the earlier proxy below it');
  } catch {
    return err('the text uses too many aliases');
  }
}

function posture(fallback: unknown, notes: ImportNote[]): 'allow' | 'deny' {
  if (fallback === 'deny') return 'deny';
  if (fallback === 'allow' || fallback === undefined) {
    const text =
      'tools that nothing names are allowed, as the source says or as it says by leaving ' +
      '`default` out: write `"default": "deny"` when you have named what you use';
    notes.push({ pointer: '/default', kind: 'differs', text });
    return 'allow';
  }
  const text = '`default` is neither `allow` nor `deny`: it is `deny` here';
  notes.push({ pointer: '/default', kind: 'denied', text });
  return 'deny';
}

/** Null when the list is not one of names. */
function hiddenNames(hide: unknown, notes: ImportNote[]): readonly string[] | null {
  if (hide === undefined || hide === null) return [];
  if (Array.isArray(hide) && hide.every((name) => typeof name === 'string' && name !== '')) {
    return [...new Set(hide.map(String))];
  }
  const text = '`hide` is no list of tool names: every call is refused';
  notes.push({ pointer: '/hide', kind: 'denied', text });
  return null;
}

function refuseAll(on_deny: string): JsonObject {
  return { conditions: [], on_deny };
}

function importTools(
  tools: Readonly<Record<string, unknown>>,
  notes: ImportNote[],
): { readonly tools: JsonObject; readonly shared: ImportedRule } {
  const rules: [string, JsonValue][] = [];
  let shared: ImportedRule = { require: [], deny_if: [], limits: [], action: null, reason: null };
  for (const [name, entry] of Object.entries(tools)) {
    const imported = importRule(name, entry);
    notes.push(...imported.notes);
    if (name === '*') shared = imported.rule;
    else rules.push([name, written(imported.rule)]);
  }
  return { tools: Object.fromEntries(rules), shared };
}

function written({ require, deny_if, limits, action, reason }: ImportedRule): JsonObject {
  return {
    ...(action === null ? {} : { action }),
    ...(reason === null ? {} : { reason }),
    ...(require.length > 0 ? { require } : {}),
    ...(deny_if.length > 0 ? { deny_if } : {}),
    ...(limits.length > 0 ? { limits } : {}),
  };
}
