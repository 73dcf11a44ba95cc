import type { JsonValue } from '../../base/strict-json.ts';
import { effectiveRule, placedLimits, placedPredicates } from '../../policy/effective.ts';
import { isObject } from '../../policy/operators/compare.ts';
import { parsePath } from '../../policy/path.ts';
import { conditionsOf } from '../../policy/predicate.ts';
import { pointerToken } from '../../policy/problem.ts';
import type { AllTools, PinnedTool, PolicyDocument, Rule } from '../../policy/index.ts';
import type { CaseAnswer, PolicyCase } from './cases.ts';

/** What the cases of a policy leave untried. */
export interface Coverage {
  /** Rule ids that a case could reach, and how many of them some case reached. */
  readonly rules: number;
  readonly reached: number;
  /** Rule ids that no case reached. */
  readonly unreached: readonly string[];
  /** Declared arguments of risky tools that nothing looks at; null without a list of tools. */
  readonly unseen: readonly UnseenArguments[] | null;
}

/** Arguments of one tool that its policy lets through whatever they are. */
export interface UnseenArguments {
  readonly tool: string;
  readonly risk: string;
  readonly arguments: readonly string[];
}

/** A case with the answer it got. */
export interface Answered {
  readonly one: PolicyCase;
  readonly answer: CaseAnswer;
}

/** Which rules the cases reached, and which arguments of risky tools no rule looks at. */
export function coverageOf(
  document: PolicyDocument,
  answered: readonly Answered[],
  tools: readonly PinnedTool[] | null,
): Coverage {
  const reached = new Set(answered.flatMap(reachedBy));
  const points = pointsOf(document);
  const unreached = points.filter((point) => !reached.has(point));
  return {
    rules: points.length,
    reached: points.length - unreached.length,
    unreached,
    unseen: tools === null ? null : tools.flatMap((tool) => unseenOf(document, tool)),
  };
}

function reachedBy({ one, answer }: Answered): readonly string[] {
  const { engine, rule } = answer;
  if (rule === '(hidden)') return [`(hidden) ${one.tool}`, '(hidden)'];
  if (engine.effect === 'deny') return [rule];
  const limits = engine.obligations.limits.map((limit) => limit.rule);
  return [rule, engine.rule, ...limits];
}

/** Every rule id that some call could be answered by, or take units of. */
function pointsOf(document: PolicyDocument): readonly string[] {
  const fallback = document.default === 'deny' ? '(default deny)' : '/default';
  const hidden = (document.hide ?? []).map((name) => (name === '*' ? name : `(hidden) ${name}`));
  const points = [fallback, ...hidden.map((name) => (name === '*' ? '(hidden)' : name))];
  if (document.all_tools !== undefined)
    points.push(...inside(document.all_tools, '/all_tools', ''));
  for (const [name, rule] of Object.entries(document.tools ?? {})) {
    points.push(...pointsOfRule(rule, `/tools/${pointerToken(name)}`, name));
  }
  for (const [name, rule] of Object.entries(document.categories ?? {})) {
    points.push(...pointsOfRule(rule, `/categories/${name}`, ''));
  }
  return [...new Set(points)];
}

function pointsOfRule(rule: Rule, base: string, toolName: string): readonly string[] {
  if (rule.action === 'hide') return [`(hidden) ${toolName}`];
  if (rule.action === 'deny') return [`${base}/action`];
  const allowed = rule.action === 'require_approval' ? `${base}/action` : base;
  const schema = rule.arguments === undefined ? [] : [`${base}/arguments`];
  const pinned = rule.input_schema === 'enforce' ? [`${base}/input_schema`] : [];
  return [allowed, ...schema, ...pinned, ...inside(rule, base, toolName)];
}

function inside(holder: AllTools | Rule, base: string, toolName: string): readonly string[] {
  const predicates = placedPredicates(holder, base).map(({ rule }) => rule);
  const limits = placedLimits(holder, base, toolName)
    // A category's short form is counted under the name of whichever tool is called.
    .filter(({ pointer }) => toolName !== '' || !pointer.endsWith('/rate_limit'));
  return [...predicates, ...limits.map(({ rule }) => rule)];
}

function unseenOf(document: PolicyDocument, tool: PinnedTool): readonly UnseenArguments[] {
  if (tool.risk !== 'High' && tool.risk !== 'Critical') return [];
  const effective = effectiveRule(document, tool);
  const rule = effective?.rule ?? {};
  const refuses = rule.action === 'deny' || rule.action === 'hide';
  if (refuses || document.hide?.includes(tool.name) === true || document.hide?.includes('*'))
    return [];
  if (effective === null && document.default === 'deny') return [];
  // A person sees every argument of a call that waits.
  if (rule.action === 'require_approval') return [];
  const seen = namedArguments(document.all_tools ?? {}).union(namedArguments(rule));
  const unseen = declared(tool.inputSchema).filter((name) => !seen.has(name));
  return unseen.length === 0 ? [] : [{ tool: tool.name, risk: tool.risk, arguments: unseen }];
}

function declared(schema: JsonValue): readonly string[] {
  const properties = isObject(schema) ? schema['properties'] : undefined;
  return isObject(properties) ? Object.keys(properties) : [];
}

/** The first steps of every path, the names in `arguments` that say something, and costs. */
function namedArguments(holder: AllTools | Rule): ReadonlySet<string> {
  const predicates = placedPredicates(holder, '').flatMap(({ predicate }) =>
    conditionsOf(predicate),
  );
  const costs = (holder.limits ?? []).map(({ cost, increment_from }) => cost ?? increment_from);
  const paths = [
    ...predicates.map(({ path }) => path),
    ...costs.filter((cost) => typeof cost === 'string'),
  ];
  const names = paths.flatMap((text) => {
    const path = parsePath(text);
    const step = path.ok && path.value.root === 'args' ? path.value.steps[0] : undefined;
    return step?.kind === 'key' ? [step.key] : [];
  });
  const schema = 'arguments' in holder ? holder.arguments : undefined;
  const properties = isObject(schema) ? schema['properties'] : undefined;
  const looked = isObject(properties)
    ? Object.entries(properties).filter(
        ([, inner]) => isObject(inner) && Object.keys(inner).length > 0,
      )
    : [];
  return new Set([...names, ...looked.map(([name]) => name)]);
}
