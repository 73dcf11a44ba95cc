import type { JsonObject } from '../base/strict-json.ts';
import { hasAmbiguousKey } from './ambiguous-key.ts';
import { checkInputSchema } from './argument-schema.ts';
import { ruleFor } from './compile.ts';
import type { CompiledPolicy } from './compile.ts';
import type { Condition, Predicate } from './document.ts';
import { effectiveRule, placedPredicates } from './effective.ts';
import type { PlacedPredicate } from './effective.ts';
import { kindOf } from './operators/compare.ts';
import type { Outcome } from './operators/outcome.ts';
import { parsePath } from './path.ts';
import {
  compileCondition,
  compilePredicate,
  compileRead,
  conditionsOf,
  wrongKind,
} from './predicate.ts';
import type { Quantifier } from './predicate.ts';
import type { AccessRequest } from './request.ts';
import type { CompiledRule } from './rule.ts';
import type { Work } from './work.ts';

/** One thing that a document looks at, and what came of it. */
export interface Check {
  readonly step: number;
  /** The rule id, without a guardrail's name. */
  readonly rule: string;
  readonly passed: boolean;
  readonly text: string;
}

/**
 * Steps 4 to 10 of one document; `args` is null when the arguments are no object. The caller stops
 * at the first check that did not pass.
 */
export function* documentChecks(
  policy: CompiledPolicy,
  request: AccessRequest,
  args: JsonObject | null,
  work: Work,
): Generator<Check> {
  const rule = ruleFor(policy, request);
  yield { step: 4, rule: rule.id, passed: true, text: ruleText(rule.id) };
  if (rule.refusal !== null) {
    const text = rule.refusal.code === 'action-deny' ? '`action` is `deny`' : '`default` is `deny`';
    yield { step: 5, rule: rule.refusal.rule, passed: false, text };
    return;
  }
  const isObject = args !== null;
  const objectText = `the arguments are ${isObject ? 'an' : 'no'} object`;
  yield { step: 6, rule: '(invalid arguments)', passed: isObject, text: objectText };
  if (args === null) return;
  yield* argumentChecks(rule, { request, args, work });
  yield* predicateChecks(policy, { request, args, work });
  for (const { label, rule: id } of rule.blockedBy) {
    const inForce = request.labels.includes(label);
    const text = `the label \`${label}\` is ${inForce ? '' : 'not '}in force`;
    yield { step: 9, rule: id, passed: !inForce, text };
  }
  for (const { obligation, units } of rule.limits) {
    if (units === null || units(request, args) !== null) continue;
    const text = 'what the call costs cannot be told: the path names no number of at least 0';
    yield { step: 10, rule: obligation.rule, passed: false, text };
  }
}

function ruleText(id: string): string {
  if (id.startsWith('/tools/')) return '`tools` names the tool';
  return id === '/default' ? 'nothing names the tool' : '`categories` names its pinned category';
}

interface Question {
  readonly request: AccessRequest;
  readonly args: JsonObject;
  readonly work: Work;
}

function* argumentChecks(rule: CompiledRule, { request, args, work }: Question): Generator<Check> {
  if (rule.names !== null) {
    const clear = !hasAmbiguousKey(rule.names, args, work);
    const text = `${clear ? 'no' : 'a'} key is almost, but not exactly, one that a rule names`;
    yield { step: 6, rule: '(ambiguous key)', passed: clear, text };
  }
  if (rule.inputSchemaRule !== null) {
    const outcome = checkInputSchema(request.tool?.inputSchema ?? null, args, work);
    if (outcome === 'broken') {
      const text = 'the pinned schema is missing or cannot be used';
      yield { step: 6, rule: '(schema)', passed: false, text };
    } else {
      const text = `the pinned schema: ${outcomeText(outcome)}`;
      yield { step: 6, rule: rule.inputSchemaRule, passed: outcome === 'holds', text };
    }
  }
  if (rule.argumentSchema === null) return;
  const outcome = rule.argumentSchema(args, work);
  const text = `the schema in \`arguments\`: ${outcomeText(outcome)}`;
  yield { step: 6, rule: `${rule.id}/arguments`, passed: outcome === 'holds', text };
}

function* predicateChecks(policy: CompiledPolicy, question: Question): Generator<Check> {
  const { document } = policy;
  const { tool } = question.request;
  const effective = tool === null ? null : effectiveRule(document, tool);
  const placed = [
    ...placedPredicates(document.all_tools ?? {}, '/all_tools'),
    ...(effective === null ? [] : placedPredicates(effective.rule, effective.base)),
  ];
  for (const field of ['require', 'deny_if'] as const) {
    for (const each of placed) {
      if (each.field === field) yield predicateCheck(each, question);
    }
  }
}

function predicateCheck(
  { predicate, field, rule }: PlacedPredicate,
  { request, args, work }: Question,
): Check {
  const quantifier = field === 'require' ? 'every' : 'any';
  const compiled = compilePredicate(predicate, { list: '', index: 0 }, quantifier);
  const again = { ...work };
  const outcome = compiled.test(request, args, work);
  const passed = field === 'require' ? outcome === 'holds' : outcome === 'does-not-hold';
  const parts = describe(predicate, quantifier, (condition) =>
    compileCondition(condition, quantifier)(request, args, again),
  );
  const seen = conditionsOf(predicate).map((condition) => seenAt(condition, request, args));
  const text = parts.map((part, index) => `${part}${seen[index] ?? ''}`).join('; ');
  const step = field === 'require' ? 7 : 8;
  return { step, rule, passed, text: text === '' ? 'no conditions: always holds' : text };
}

function describe(
  predicate: Predicate,
  quantifier: Quantifier,
  judge: (condition: Condition) => Outcome,
): readonly string[] {
  return conditionsOf(predicate).map((condition) => {
    const { path, op, value } = condition;
    const many = path.includes('[*]') ? ` (${quantifier} element)` : '';
    return `\`${path}\` ${op} ${JSON.stringify(value)}${many}: ${outcomeText(judge(condition))}`;
  });
}

function outcomeText(outcome: Outcome): string {
  switch (outcome) {
    case 'holds':
      return 'holds';
    case 'does-not-hold':
      return 'does not hold';
    case 'cannot-tell':
      return 'cannot tell';
  }
}

/** The type of what was found, never its value. */
function seenAt(condition: Condition, request: AccessRequest, args: JsonObject): string {
  const path = parsePath(condition.path);
  if (!path.ok || path.value.many) return '';
  const value = compileRead(path.value)(request, args);
  if (value === undefined) return ' (absent)';
  if (value === wrongKind) return ' (a parent is of the wrong kind)';
  if (value === null) return ' (null)';
  const unsafe = typeof value === 'number' && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER);
  return unsafe ? ' (found an unsafe number)' : ` (found: ${kindOf(value)})`;
}
