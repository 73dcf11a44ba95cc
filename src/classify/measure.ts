import type { Category } from '../policy/request.ts';
import { classifyTool } from './classify.ts';
import type { Classification, ServerContext } from './tool.ts';

/** A tool with the category that a person gave it. */
export interface LabelledTool {
  readonly server: string;
  readonly server_name?: string | null;
  readonly tool: string;
  readonly description: string | null;
  readonly gold: Exclude<Category, 'Unclassified'>;
}

/** A labelled tool beside the classifier's answer. */
export interface Prediction {
  readonly tool: LabelledTool;
  readonly classification: Classification;
}

/** The measures of docs/reference/classification.md; every part is between 0 and 1. */
export interface Measures {
  readonly tools: number;
  /** `Unclassified` counts half where the label is not Read. */
  readonly accuracy: number;
  readonly macroF1: number;
  readonly nonReadCalledRead: number;
  readonly criticalMissed: number;
  readonly recall: Readonly<Record<LabelledTool['gold'], number>>;
}

const golds = ['Read', 'Write', 'Execute', 'Destructive', 'Financial'] as const;

/** Classifies labelled tools, each beside the siblings that the labels name. */
export function predict(tools: readonly LabelledTool[]): Prediction[] {
  const servers = new Map<string, ServerContext>();
  for (const [server, own] of Map.groupBy(tools, (tool) => tool.server)) {
    const name = own[0]?.server_name ?? server;
    servers.set(server, { name, toolNames: own.map((tool) => tool.tool) });
  }
  return tools.map((tool) => {
    const server = servers.get(tool.server) ?? { name: tool.server, toolNames: [tool.tool] };
    const definition = { name: tool.tool, description: tool.description };
    return { tool, classification: classifyTool(definition, server) };
  });
}

/** Measures a list of predictions. */
export function measure(predictions: readonly Prediction[]): Measures {
  const nonRead = predictions.filter(({ tool }) => tool.gold !== 'Read');
  const critical = predictions.filter(({ tool }) => isCritical(tool.gold));
  const recall = golds.map((gold) => [gold, recallOf(predictions, gold)] as const);
  return {
    tools: predictions.length,
    accuracy: share(predictions.map(points)),
    macroF1: share(golds.map((gold) => f1Of(predictions, gold))),
    nonReadCalledRead: share(nonRead.map((each) => (answer(each) === 'Read' ? 1 : 0))),
    criticalMissed: share(critical.map((each) => (isCritical(answer(each)) ? 0 : 1))),
    // Built from `golds`, so every category has its entry.
    recall: Object.fromEntries(recall) as Measures['recall'],
  };
}

function answer(prediction: Prediction): Category {
  return prediction.classification.category;
}

function points(prediction: Prediction): number {
  const { gold } = prediction.tool;
  if (answer(prediction) === gold) return 1;
  return answer(prediction) === 'Unclassified' && gold !== 'Read' ? 0.5 : 0;
}

function recallOf(predictions: readonly Prediction[], gold: Category): number {
  const own = predictions.filter(({ tool }) => tool.gold === gold);
  return share(own.map((each) => (answer(each) === gold ? 1 : 0)));
}

function f1Of(predictions: readonly Prediction[], gold: Category): number {
  const labelled = predictions.filter(({ tool }) => tool.gold === gold);
  const called = predictions.filter((each) => answer(each) === gold);
  const right = called.filter(({ tool }) => tool.gold === gold).length;
  const both = labelled.length + called.length;
  return both === 0 ? 1 : (2 * right) / both;
}

function isCritical(category: Category): boolean {
  return category === 'Destructive' || category === 'Financial';
}

// The mean; of nothing, nothing is wrong.
function share(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
