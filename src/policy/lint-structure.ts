import { checkInputSchema } from './argument-schema.ts';
import { noArguments } from './arguments.ts';
import { categories } from './document.ts';
import type { PolicyDocument, Rule } from './document.ts';
import { refusesAlways } from './lint-place.ts';
import type { Advice, Place } from './lint-place.ts';
import { nearest } from './nearest.ts';
import { pointerToken } from './problem.ts';
import type { PinnedTool } from './request.ts';

/** Names that no live tool has, fields that are never looked at, schemas that cannot be enforced. */
export function lintStructure(
  document: PolicyDocument,
  tools: readonly PinnedTool[],
  places: readonly Place[],
): readonly Advice[] {
  return [
    ...(tools.length > 0 ? unknownTools(document, tools) : []),
    ...hiddenRules(document),
    ...(tools.length > 0 ? emptyCategories(places) : []),
    ...places.flatMap((place) => unusedFields(document, place)),
    ...places.flatMap(brokenSchemas),
  ];
}

function unknownTools(document: PolicyDocument, tools: readonly PinnedTool[]): readonly Advice[] {
  const names = tools.map((tool) => tool.name);
  const written = [
    ...Object.keys(document.tools ?? {}).map((name) => ({
      name,
      pointer: `/tools/${pointerToken(name)}`,
    })),
    ...(document.hide ?? []).map((name, index) => ({ name, pointer: `/hide/${index}` })),
  ];
  return written.flatMap(({ name, pointer }) => {
    if (names.includes(name) || (name === '*' && pointer.startsWith('/hide'))) return [];
    const message = `the server has no tool named \`${name}\``;
    return [{ code: 'unknown-tool', pointer, message, hint: nameHint(name, names) }];
  });
}

function nameHint(name: string, names: readonly string[]): string | null {
  const own = names.find((each) => name.endsWith(`__${each}`));
  if (own !== undefined) return `write the server's own name: \`${own}\``;
  if (name.includes('*')) return 'a name is never a pattern: name each tool, or use `categories`';
  const near = nearest(name, names);
  return near === null ? null : `did you mean \`${near}\`?`;
}

function hiddenRules(document: PolicyDocument): readonly Advice[] {
  const hidden = new Set(document.hide);
  return Object.keys(document.tools ?? {}).flatMap((name) => {
    if (!hidden.has('*') && !hidden.has(name)) return [];
    const pointer = `/tools/${pointerToken(name)}`;
    const message = `\`hide\` refuses every call of \`${name}\`: this rule is never looked at`;
    const hint = 'remove the rule, or take the name out of `hide`';
    return [{ code: 'shadowed-rule', pointer, message, hint }];
  });
}

function emptyCategories(places: readonly Place[]): readonly Advice[] {
  return places.flatMap(({ base, tools }) => {
    const category = categories.find((each) => base === `/categories/${each}`);
    if (category === undefined || tools.length > 0) return [];
    const message = `no live tool of the category \`${category}\` is left: \`tools\` names them all`;
    return [{ code: 'shadowed-rule', pointer: base, message, hint: null }];
  });
}

const insideAction = ['arguments', 'require', 'deny_if', 'approve_if', 'approval'] as const;
const besideAction = [...insideAction, 'limits', 'rate_limit', 'labels', 'input_schema'] as const;

function unusedFields(document: PolicyDocument, { base, rule }: Place): readonly Advice[] {
  const advice: Advice[] = [];
  const unused = (field: string, message: string, hint: string | null): void => {
    advice.push({ code: 'unused-field', pointer: `${base}/${field}`, message, hint });
  };
  if (refusesAlways(rule)) {
    for (const field of besideAction) {
      if (rule[field] === undefined) continue;
      const message = `\`action: ${rule.action}\` refuses every call: \`${field}\` is never looked at`;
      advice.push({ code: 'shadowed-rule', pointer: `${base}/${field}`, message, hint: null });
    }
    return advice;
  }
  if (rule.approval !== undefined && !asks(rule)) {
    const hint = 'add `"action": "require_approval"`, `approve_if` or `labels.approved_by`';
    unused('approval', 'nothing in this rule ever asks for approval', hint);
  }
  if (rule.reason !== undefined && rule.action !== 'require_approval') {
    unused('reason', '`reason` is shown only where `action` refuses or holds', 'use `on_deny`');
  }
  if (rule.action === 'require_approval' && (rule.approve_if?.length ?? 0) > 0) {
    unused('approve_if', '`action` asks for approval of every call already', null);
  }
  if (rule.input_schema === 'off' && document.input_schema === undefined) {
    unused(
      'input_schema',
      'no schema is enforced in this document: there is nothing to opt out of',
      null,
    );
  }
  return advice;
}

function asks(rule: Rule): boolean {
  if (rule.action === 'require_approval') return true;
  return (rule.approve_if?.length ?? 0) > 0 || (rule.labels?.approved_by?.length ?? 0) > 0;
}

function brokenSchemas({ base, rule, tools, enforced }: Place): readonly Advice[] {
  if (!enforced || base === '/all_tools' || refusesAlways(rule)) return [];
  return tools.flatMap((tool) => {
    if (checkInputSchema(tool.inputSchema, noArguments) !== 'broken') return [];
    const message = `the schema pinned for \`${tool.name}\` cannot be enforced: every call is refused`;
    const hint = 'set `"input_schema": "off"` in its rule, and say what it may do with `arguments`';
    return [{ code: 'schema-not-enforceable', pointer: base, message, hint }];
  });
}
