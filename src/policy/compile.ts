import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { assert } from '../base/assert.ts';
import type { KeyNames } from './ambiguous-key.ts';
import type { PolicyDocument } from './document.ts';
import { documentShape } from './fields.ts';
import { readJsonTree } from './json-tree.ts';
import { placeProblems, printPolicy } from './parse.ts';
import { pointerToken } from './problem.ts';
import type { PolicyProblem } from './problem.ts';
import type { AccessRequest } from './request.ts';
import { compileRule } from './rule.ts';
import type { CompiledRule } from './rule.ts';
import { validate } from './validate.ts';

/** A document made ready to decide: every name is a key of a map, every predicate a closure. */
export interface CompiledPolicy {
  readonly document: PolicyDocument;
  readonly hidesAll: boolean;
  readonly hidden: ReadonlySet<string>;
  readonly hidesDenied: boolean;
  /** Whether an answer may depend on the labels in force: elsewhere nobody has to look them up. */
  readonly readsLabels: boolean;
  readonly tools: ReadonlyMap<string, CompiledRule>;
  readonly categories: ReadonlyMap<string, CompiledRule>;
  /** For tools that neither names. */
  readonly fallback: CompiledRule;
}

/** A document that stands above every policy, and the name that its rule ids start with. */
export interface NamedPolicy {
  readonly name: string;
  readonly policy: CompiledPolicy;
}

/** All documents that a call must pass; `policy: null` means that there is none, and refuses. */
export interface PolicySet {
  readonly policy: CompiledPolicy | null;
  readonly guardrails: readonly NamedPolicy[];
}

/**
 * Makes a document ready to decide. A parsed document always compiles; one that was made by a
 * program is checked here, and its problems are placed in its printed text.
 */
export function compilePolicy(
  document: PolicyDocument,
): Result<CompiledPolicy, readonly PolicyProblem[]> {
  const text = printPolicy(document);
  const tree = readJsonTree(text);
  assert(tree.ok, 'what is printed as JSON is JSON');
  const problems = validate(tree.value, documentShape);
  if (problems.length > 0) return err(placeProblems(text, problems));
  return ok(compileChecked(document));
}

function compileChecked(document: PolicyDocument): CompiledPolicy {
  const hidden = new Set(document.hide);
  const shared = new Map<string, KeyNames | null>();
  return {
    document,
    hidesAll: hidden.has('*'),
    hidden,
    hidesDenied: document.hide_denied === true,
    readsLabels: readsLabels(document),
    tools: compileRules(document, 'tools', shared),
    categories: compileRules(document, 'categories', shared),
    fallback: compileRule({ document, rule: {}, id: '/default', toolName: null, shared }),
  };
}

/** Errs towards yes: a look too many costs time, one too few a refusal. */
function readsLabels(document: PolicyDocument): boolean {
  return /"(blocked_by|approved_by)"|session\.labels/.test(printPolicy(document));
}

function compileRules(
  document: PolicyDocument,
  field: 'tools' | 'categories',
  shared: Map<string, KeyNames | null>,
): ReadonlyMap<string, CompiledRule> {
  const rules = new Map<string, CompiledRule>();
  for (const [name, rule] of Object.entries(document[field] ?? {})) {
    const id = `/${field}/${pointerToken(name)}`;
    const toolName = field === 'tools' ? name : null;
    rules.set(name, compileRule({ document, rule, id, toolName, shared }));
  }
  return rules;
}

/** The one rule for this call: by name, else by pinned category, else the default. */
export function ruleFor(policy: CompiledPolicy, request: AccessRequest): CompiledRule {
  const named = policy.tools.get(request.toolName);
  if (named !== undefined) return named;
  const category = request.tool === null ? undefined : request.tool.category;
  const byCategory = category === undefined ? undefined : policy.categories.get(category);
  return byCategory ?? policy.fallback;
}
