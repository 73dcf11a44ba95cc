/**
 * Prints the classifier's measures on a file of labelled tools: one JSON object a line with
 * `server`, `server_name`, `tool`, `description` and `gold`. The halves are divided by server, so
 * that no server is in both, by a hash that a seed fixes. The last line tells how far the accuracy
 * of two random halves lies apart, as the mean of twenty divisions.
 *
 *   node scripts/classify-dev.ts [labels.jsonl] [--errors]
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

import { measure, predict } from '../src/classify/measure.ts';
import type { LabelledTool, Measures, Prediction } from '../src/classify/measure.ts';

const splitSeed = 1;
const splits = 20;
const defaultPath = new URL('../../shared/labels/dev.jsonl', import.meta.url).pathname;

function main(): void {
  const words = process.argv.slice(2);
  const flags = words.filter((word) => word.startsWith('--'));
  const path = words.find((word) => !word.startsWith('--')) ?? defaultPath;
  if (!existsSync(path)) {
    process.stderr.write(`no labels at \`${path}\`; give the path of a file of labelled tools\n`);
    process.exitCode = 2;
    return;
  }
  const predictions = predict(readLabels(path));
  print('half 0, by server', measure(predictions.filter((each) => half(each.tool) === 0)));
  print('half 1, by server', measure(predictions.filter((each) => half(each.tool) === 1)));
  print('all', measure(predictions));
  const apart = percent(spread(predictions));
  process.stdout.write(
    `accuracy of two random halves, mean difference of ${splits} divisions: ${apart}   <= 2 %\n`,
  );
  if (flags.includes('--errors')) predictions.filter(isWrong).forEach(printError);
}

function readLabels(path: string): LabelledTool[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  // The file is the operator's own and has the shape named above.
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as LabelledTool);
}

function half(tool: LabelledTool): number {
  return coin(`${splitSeed}:${tool.server}`);
}

function coin(seed: string): number {
  return (createHash('sha256').update(seed).digest()[0] ?? 0) % 2;
}

/** How far the accuracy of two random halves lies apart, as the mean of several divisions. */
function spread(predictions: readonly Prediction[]): number {
  let total = 0;
  for (let split = 1; split <= splits; split += 1) {
    const side = ({ tool }: Prediction): number => coin(`${split}:${tool.server}/${tool.tool}`);
    const first = measure(predictions.filter((each) => side(each) === 0));
    const second = measure(predictions.filter((each) => side(each) === 1));
    total += Math.abs(first.accuracy - second.accuracy);
  }
  return total / splits;
}

function isWrong({ tool, classification }: Prediction): boolean {
  return tool.gold !== classification.category;
}

function print(title: string, found: Measures): void {
  const rows: readonly (readonly [string, string, string])[] = [
    ['tools', String(found.tools), ''],
    ['accuracy', found.accuracy.toFixed(4), '>= 0.95'],
    ['macro-F1', found.macroF1.toFixed(4), '>= 0.92'],
    ['non-Read called Read', percent(found.nonReadCalledRead), '<= 1 %'],
    ['Critical called non-Critical', percent(found.criticalMissed), '<= 4 %'],
    ['Execute recall', found.recall.Execute.toFixed(4), '>= 0.85'],
    ['Financial recall', found.recall.Financial.toFixed(4), '>= 0.92'],
  ];
  process.stdout.write(`${title}\n`);
  for (const [name, value, target] of rows) {
    process.stdout.write(`  ${name.padEnd(30)}${value.padStart(9)}   ${target}\n`);
  }
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)} %`;
}

function printError({ tool, classification }: Prediction): void {
  const place = `${tool.server}/${tool.tool}`;
  process.stdout.write(`${tool.gold} -> ${classification.category}  ${place}\n`);
  process.stdout.write(`    ${classification.sentence}\n`);
}

main();
