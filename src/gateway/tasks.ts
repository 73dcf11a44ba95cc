import { err, ok, type Result } from '../base/result.ts';
import {
  applyEdits,
  elementsAt,
  membersAt,
  peekMembers,
  scanJson,
  stringValueOf,
  type Member,
} from '../base/strict-json.ts';
import type { Answer } from '../mcp/answer.ts';
import type { RequestMessage } from '../mcp/message.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { listLimits } from './list.ts';

/**
 * A call that was answered with a task made it for its grant (2025-11-25, tasks: `result.task`;
 * 2026-07-28, tasks extension: a result of the type `task`).
 */
export function noteTask(gateway: Gateway, caller: Caller, answer: Answer): void {
  if (answer.resultSpan === null || !caller.grant.methods.includes('tasks')) return;
  const { text } = answer;
  const members = peekMembers(text, answer.resultSpan.start) ?? [];
  const task = members.find(({ key }) => key === 'task');
  const flat = answer.resultType === 'task' ? members : [];
  const within = task === undefined ? flat : (peekMembers(text, task.valueStart) ?? flat);
  const taskId = taskIdIn(text, within);
  if (taskId !== null) gateway.live.tasks.claim(caller.server, taskId, caller.grant.id);
}

/** Whether a request names a task of its own grant; one that names none is not asked about any. */
export function namesOwnTask(gateway: Gateway, caller: Caller, message: RequestMessage): boolean {
  if (message.method === 'tasks/list') return true;
  const taskId = message.params?.['taskId'];
  return typeof taskId === 'string' && isOwn(gateway, caller, taskId);
}

/** Whether a notification about a task is about one of this grant's. */
export function tellsOwnTask(gateway: Gateway, caller: Caller, answer: Answer): boolean {
  if (answer.paramsSpan === null) return false;
  const members = peekMembers(answer.text, answer.paramsSpan.start) ?? [];
  const taskId = taskIdIn(answer.text, members);
  return taskId !== null && isOwn(gateway, caller, taskId);
}

/** A list of tasks as its grant may see it; one that cannot be read is an error, never passed on. */
export function filterTasks(
  gateway: Gateway,
  caller: Caller,
  answer: Answer,
): Result<Uint8Array, string> {
  const scanned = scanJson(Buffer.from(answer.text), listLimits);
  if (!scanned.ok) return err(scanned.error.code);
  const { text, start } = scanned.value;
  const result = memberNamed(text, start, 'result');
  const tasks = result === null ? null : memberNamed(text, result.valueStart, 'tasks');
  if (tasks === null || text[tasks.valueStart] !== '[') return err('no list of tasks');
  const kept = elementsAt(text, tasks.valueStart)
    .map((element) => text.slice(element.start, element.end))
    .filter((one) => {
      const taskId = one.startsWith('{') ? taskIdIn(one, membersAt(one, 0)) : null;
      return taskId !== null && isOwn(gateway, caller, taskId);
    });
  const edit = { start: tasks.valueStart, end: tasks.valueEnd, text: `[${kept.join(',')}]` };
  return ok(applyEdits(text, [edit]));
}

function isOwn(gateway: Gateway, { server, grant }: Caller, taskId: string): boolean {
  return gateway.live.tasks.isOwn(server, taskId, grant.id);
}

function memberNamed(text: string, start: number, name: string): Member | null {
  if (text[start] !== '{') return null;
  return membersAt(text, start).find(({ key }) => key === name) ?? null;
}

function taskIdIn(text: string, members: readonly Member[]): string | null {
  const found = members.find(({ key }) => key === 'taskId');
  return found === undefined ? null : stringValueOf(text.slice(found.valueStart, found.valueEnd));
}
