import type { JsonObject } from '../base/strict-json.ts';
import { classifyTool } from '../classify/classify.ts';
import { recommendPolicyFor, recommendRule, type Variant } from '../classify/recommend.ts';
import type { Classification, Hit, Signal } from '../classify/tool.ts';
import type { Category, Risk } from '../policy/index.ts';
import { gradeOf, type Grade } from './grade.ts';
import { nameOf, textOf, type Observation, type Posture } from './observation.ts';
import { suspicionsOf, type Suspicion } from './suspicion.ts';
import { tokensOf } from './tokens.ts';

/** What a scan says about one tool; `risk` is the risk after the signals. */
export interface ToolReport {
  readonly name: string;
  readonly category: Category;
  readonly risk: Risk;
  readonly signals: readonly Signal[];
  readonly evidence: readonly Hit[];
  /** The recommended rule, for a policy whose default is `deny`. */
  readonly policy: JsonObject;
}

/** A finding about a tool's text, with the tool that it stands in. */
export interface Finding extends Suspicion {
  readonly tool: string;
}

/** Everything that a scan says about a server; plain data, ready to be printed as JSON. */
export interface ScanReport {
  readonly server: { readonly name: string; readonly version: string | null };
  readonly posture: Posture;
  readonly grade: Grade;
  readonly counts: {
    readonly category: Readonly<Record<string, number>>;
    readonly risk: Readonly<Record<string, number>>;
  };
  /** Estimated tokens of all definitions, which a model is sent with every request. */
  readonly tokens: number;
  readonly findings: readonly Finding[];
  /** In the server's order. */
  readonly tools: readonly ToolReport[];
  readonly policy: JsonObject;
}

/** A tool beside all that is said about it: what the catalogue keeps. */
export interface JudgedTool {
  readonly definition: JsonObject;
  readonly classification: Classification;
  readonly tokens: number;
  readonly suspicions: readonly Suspicion[];
}

/** Judges every tool of a reading, each beside its siblings. */
export function judgeTools(observed: Pick<Observation, 'name' | 'tools'>): readonly JudgedTool[] {
  const server = { name: observed.name, toolNames: observed.tools.map(nameOf) };
  return observed.tools.map((definition) => ({
    definition,
    classification: classifyTool({ ...definition, name: nameOf(definition) }, server),
    tokens: tokensOf(definition),
    suspicions: suspicionsOf(definition),
  }));
}

/** The report on one reading of a server. Pure: the same reading always has the same report. */
export function reportOf(observed: Observation, variant: Variant = 'standard'): ScanReport {
  const judged = judgeTools(observed);
  return {
    server: { name: observed.name, version: observed.version },
    posture: observed.posture,
    grade: gradeJudged(judged, observed.posture, 0),
    counts: {
      category: countBy(judged, ({ classification }) => classification.category),
      risk: countBy(judged, ({ classification }) => classification.raisedRisk),
    },
    tokens: total(judged),
    findings: judged.flatMap(({ definition, suspicions }) =>
      suspicions.map((suspicion) => ({ tool: nameOf(definition), ...suspicion })),
    ),
    tools: judged.map((tool) => toolReport(tool, variant)),
    policy: policyFor(observed.name, judged, variant),
  };
}

/** The recommended policy of tools that are judged already. */
export function policyFor(
  server: string,
  judged: readonly Pick<JudgedTool, 'definition' | 'classification'>[],
  variant: Variant = 'standard',
): JsonObject {
  const tools = judged.map(({ definition, classification }) => ({
    tool: { ...definition, name: nameOf(definition) },
    classification,
  }));
  return recommendPolicyFor(server, tools, variant);
}

/** The grade of judged tools; `riskier` definitions became so since they were first seen. */
export function gradeJudged(
  judged: readonly JudgedTool[],
  posture: Posture,
  riskier: number,
): Grade {
  return gradeOf({
    classified: judged.map(({ classification }) => classification),
    suspicions: judged.filter(({ suspicions }) => suspicions.length > 0).length,
    silent: judged.filter(({ definition }) => textOf(definition, 'description').trim() === '')
      .length,
    tokens: total(judged),
    posture,
    riskier,
  });
}

function toolReport({ definition, classification }: JudgedTool, variant: Variant): ToolReport {
  const { category, raisedRisk, signals, evidence } = classification;
  const tool = { ...definition, name: nameOf(definition) };
  const policy = recommendRule(tool, classification, variant);
  return { name: tool.name, category, risk: raisedRisk, signals, evidence, policy };
}

function total(judged: readonly JudgedTool[]): number {
  return judged.reduce((sum, { tokens }) => sum + tokens, 0);
}

function countBy<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}
