import type { OutcomeStatus } from '../audit/record.ts';
import type { Answer } from '../mcp/answer.ts';
import type { Era } from '../mcp/message.ts';

/** The kinds of results of 2026-07-28 and of its tasks extension. */
const resultTypes: ReadonlySet<string> = new Set(['complete', 'input_required', 'task']);

/** Whether a result is of a kind that was judged: the modern era has others than complete ones. */
export function isKnownResult(era: Era, answer: Answer): boolean {
  const { resultType } = answer;
  return era === 'legacy' || resultType === null || resultTypes.has(resultType);
}

/** How a server's answer reads on the record. */
export function answerStatus(answer: Answer): { status: OutcomeStatus; code: number | null } {
  if (answer.errorSpan !== null) return { status: 'protocol-error', code: answer.errorCode };
  if (answer.resultType === 'input_required') return { status: 'input-required', code: null };
  return { status: answer.isError ? 'tool-error' : 'ok', code: null };
}
