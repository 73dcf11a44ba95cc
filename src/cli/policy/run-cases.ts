import { err, ok, type Result } from '../../base/result.ts';
import type { PinnedTool } from '../../policy/index.ts';
import { answerCall, differences, readCases } from './cases.ts';
import { coverageOf, type Coverage } from './coverage.ts';
import { readText } from '../../config/text-file.ts';
import { failureLines, loadPolicy, problemLine } from './load.ts';

/** One case, and what of its answer is not as it is wanted. */
export interface CaseReport {
  readonly line: number;
  readonly column: number;
  readonly name: string;
  readonly wrong: readonly string[];
}

/** What the cases of one policy say. */
export interface TestReport {
  readonly policy: string;
  readonly casesFile: string;
  readonly cases: readonly CaseReport[];
  readonly coverage: Coverage;
}

/** `<name>.cases.json` beside `<name>.json`. */
export function casesFileOf(policyPath: string): string {
  return `${policyPath.replace(/\.json$/, '')}.cases.json`;
}

/** Runs the cases beside a policy; the error is the lines that say why they cannot be run. */
export function testPolicy(
  path: string,
  tools: readonly PinnedTool[] | null,
): Result<TestReport, readonly string[]> {
  const loaded = loadPolicy(path);
  if (!loaded.ok) return err(failureLines(loaded.error));
  const casesFile = casesFileOf(path);
  const text = readText(casesFile);
  if (!text.ok) return err([`the cases of \`${path}\`: ${text.error}, or write the cases there`]);
  const cases = readCases(text.value);
  if (!cases.ok) return err(cases.error.map((each) => problemLine(casesFile, 'error', each)));
  const answered = cases.value.map((placed) => ({
    ...placed,
    answer: answerCall(loaded.value.policy, placed.one, tools),
  }));
  return ok({
    policy: path,
    casesFile,
    cases: answered.map(({ line, column, one, answer }) => ({
      line,
      column,
      name: one.name ?? one.tool,
      wrong: differences(one, answer),
    })),
    coverage: coverageOf(loaded.value.document, answered, tools),
  });
}

/** A report for people. */
export function reportLines({ policy, casesFile, cases, coverage }: TestReport): readonly string[] {
  const wrong = cases.filter((each) => each.wrong.length > 0);
  const lines = wrong.flatMap((each) =>
    each.wrong.map(
      (what) => `${casesFile}:${each.line}:${each.column}: failed: ${each.name}: ${what}`,
    ),
  );
  const { rules, reached, unreached, unseen } = coverage;
  lines.push(`${policy}: ${cases.length - wrong.length} of ${cases.length} cases passed`);
  lines.push(`  rules reached: ${reached} of ${rules}`);
  for (const rule of unreached) lines.push(`    no case reaches ${rule}`);
  for (const { tool, risk, arguments: names } of unseen ?? []) {
    lines.push(`  no rule looks at ${names.join(', ')} of ${tool} (${risk})`);
  }
  return lines;
}
