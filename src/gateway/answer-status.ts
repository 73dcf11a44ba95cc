import type { OutcomeStatus } from '../audit/record.ts';
import type { Answer } from '../mcp/answer.ts';

/** How a server's answer reads on the record. */
export function answerStatus(answer: Answer): { status: OutcomeStatus; code: number | null } {
  if (answer.errorSpan !== null) return { status: 'protocol-error', code: answer.errorCode };
  if (answer.resultType === 'input_required') return { status: 'input-required', code: null };
  return { status: answer.isError ? 'tool-error' : 'ok', code: null };
}
