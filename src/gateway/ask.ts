import {
  applyEdits,
  membersAt,
  parseScanned,
  peekMembers,
  scanJson,
  type JsonValue,
} from '../base/strict-json.ts';
import type { OutcomeRecord } from '../audit/record.ts';
import { idKey } from '../mcp/decode.ts';
import type { Answer } from '../mcp/answer.ts';
import { errorResponse } from '../mcp/encode.ts';
import { ruleFor, type Ruling } from '../mcp/method.ts';
import { isLookAlike, rootKeys } from '../mcp/protocol-key.ts';
import { answerStatus } from './answer-status.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { filterAnswer, listLimits } from './list.ts';
import { labelUnits, methodRecord } from './records.ts';
import { codes } from './reply.ts';
import { filterTasks, noteTask, tellsOwnTask } from './tasks.ts';
import type { UpstreamListener } from './upstream/upstream.ts';

/** The families of methods that a grant opens; `relay`-like rulings belong to none. */
const families: Partial<Record<Ruling, Caller['grant']['methods'][number]>> = {
  resource: 'resources',
  prompt: 'prompts',
  completion: 'completion',
  task: 'tasks',
  sampling: 'sampling',
  elicitation: 'elicitation',
  roots: 'roots',
};

/** Whether the grant opens the family of methods that this ruling belongs to. */
export function opens(caller: Caller, ruled: Ruling): boolean {
  const family = families[ruled];
  return family === undefined || caller.grant.methods.includes(family);
}

/** One key for everything that belongs to a legacy session, or to a grant where there is none. */
export function sessionKey(caller: Caller): string {
  const { session, server, grant } = caller;
  return session === null ? `${server} ${grant.id}` : `${server} ${grant.id} ${session.seal}`;
}

/**
 * Rules what a server sends beside the awaited answer: what is passed on, or null to drop it.
 * A server may ask of a client only what the grant opens; anything else is answered here.
 */
export async function judgeFromServer(
  gateway: Gateway,
  caller: Caller,
  answer: Answer,
  raw: Uint8Array,
): Promise<string | Uint8Array | null> {
  switch (answer.kind) {
    case 'notification':
      return (await judgeNotification(gateway, caller, answer)) ? raw : null;
    case 'request':
      if (!(await judgeRequest(gateway, caller, answer))) return null;
      return caller.isPart ? withServerInId(caller, answer) : raw;
    case 'response':
      return judgeLateAnswer(gateway, caller, answer, raw);
    case 'invalid':
      return null;
  }
}

async function judgeNotification(
  gateway: Gateway,
  caller: Caller,
  answer: Answer,
): Promise<boolean> {
  const method = answer.method ?? '';
  const rule =
    ruleFor(method, 'server-to-client', 'legacy') ?? ruleFor(method, 'server-to-client', 'modern');
  const known = rule !== null && rule.kind === 'notification';
  if (!known || !opens(caller, rule.ruled)) {
    // The stream waits for it: a flood of them must not fill the queue of the log.
    await refusedFromServer(gateway, caller, method, known ? 'not-opened' : 'unknown-method');
    return false;
  }
  if (rule.ruled === 'task' && !tellsOwnTask(gateway, caller, answer)) return false;
  if (method === 'notifications/tools/list_changed') gateway.toolsChanged(caller.server);
  return true;
}

async function judgeRequest(gateway: Gateway, caller: Caller, answer: Answer): Promise<boolean> {
  const method = answer.method ?? '';
  const id = answer.id ?? 'null';
  const { live, clock } = gateway;
  const session = sessionKey(caller);
  if (!live.questions.count(session, clock.monotonicMs())) {
    // Not answered either: each answer is a request of the gateway's own to whoever asks this much.
    await refusedFromServer(gateway, caller, method, 'asks-too-much');
    return false;
  }
  const rule = ruleFor(method, 'server-to-client', 'legacy');
  const known = rule !== null && rule.kind === 'request';
  if (!known || !opens(caller, rule.ruled)) {
    await refusedFromServer(gateway, caller, method, known ? 'not-opened' : 'unknown-method');
    const code = known ? codes.refused : -32601;
    const message = known ? 'refused by the gateway: not opened to this grant' : 'method not found';
    answerServer(gateway, caller, errorResponse(id, code, message), id);
    return false;
  }
  const again = errorResponse(id, codes.refused, 'refused by the gateway: try again later');
  if (!live.questions.ask(session, idKey(id), method, clock.monotonicMs())) {
    await refusedFromServer(gateway, caller, method, 'asks-too-much');
    answerServer(gateway, caller, again, id);
    return false;
  }
  const about = { method, direction: 'to-client', decision: 'allow', code: null } as const;
  if ((await gateway.audit.append(methodRecord(gateway, caller, about))).ok) return true;
  live.questions.answered(session, idKey(id));
  answerServer(gateway, caller, again, id);
  return false;
}

/** Two servers of one aggregate session may ask under the same id: the server's name tells them apart. */
function withServerInId(caller: Caller, answer: Answer): Uint8Array | null {
  if (answer.id === null || answer.idSpan === null) return null;
  const text = JSON.stringify(`${caller.server} ${answer.id}`);
  return applyEdits(answer.text, [{ ...answer.idSpan, text }]);
}

/** An answer on a stream of unrelated messages: of a call that lost its own stream, or a replay. */
async function judgeLateAnswer(
  gateway: Gateway,
  caller: Caller,
  answer: Answer,
  raw: Uint8Array,
): Promise<string | Uint8Array | null> {
  const session = sessionKey(caller);
  const id = idKey(answer.id ?? 'null');
  const resumes = caller.passedHeaders['last-event-id'] !== undefined;
  // INVARIANT: an answer is on record before it leaves, whichever stream it leaves on.
  const open = resumes ? gateway.live.underWay(session, id) : null;
  if (open !== null && !(await open.moved())) return null;
  const call = gateway.live.reattach(session, id);
  if (call !== null) {
    noteTask(gateway, caller, answer);
    const waitedMs = gateway.clock.monotonicMs() - call.sinceMs;
    for (const receipt of call.receipts) await gateway.counters.release(receipt);
    const units = labelUnits(call.receipts);
    const outcome: OutcomeRecord = {
      kind: 'outcome',
      id: call.intent.id,
      time: gateway.clock.nowMs(),
      ...answerStatus(answer),
      answerBytes: raw.length,
      decideUs: call.decideUs,
      recordUs: call.recordUs,
      upstreamUs: Math.round(waitedMs * 1000),
      givenBack: false,
      ...(units === null ? {} : { units }),
    };
    const recorded = await gateway.audit.append(outcome, call.intent);
    return recorded.ok ? raw : null;
  }
  if (!resumes) return null;
  const holdsTasks = holds(answer, 'tasks');
  if (!holds(answer, 'tools')) {
    if (!holdsTasks) return raw;
    const own = filterTasks(gateway, caller, answer);
    return own.ok ? own.value : null;
  }
  if (holdsTasks) return null;
  const filtered = await filterAnswer(gateway, caller, answer, 'legacy');
  return filtered.ok ? filtered.value : null;
}

/** Whether a result has the list of this name: which request it answers is not known any more. */
function holds(answer: Answer, list: 'tools' | 'tasks'): boolean {
  if (answer.resultSpan === null || answer.text[answer.resultSpan.start] !== '{') return false;
  return membersAt(answer.text, answer.resultSpan.start).some((member) => member.key === list);
}

/** Whether everything that an `input_required` result asks for is opened to the grant. */
export function inputRequestsAllowed(caller: Caller, answer: Answer): boolean {
  if (answer.resultSpan === null) return true;
  const { text } = answer;
  const requests = peekMembers(text, answer.resultSpan.start)?.find(
    (member) => member.key === 'inputRequests',
  );
  if (requests === undefined) return true;
  const asked = text.slice(requests.valueStart, requests.valueEnd);
  const scanned = scanJson(Buffer.from(asked), listLimits);
  if (!scanned.ok) return false;
  const value = parseScanned(scanned.value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((one) => inputRequestAllowed(caller, one));
}

/** The three things that `input_required` may carry are those that were requests before. */
function inputRequestAllowed(caller: Caller, asked: JsonValue): boolean {
  if (typeof asked !== 'object' || asked === null || !('method' in asked)) return false;
  if (Object.keys(asked).some((key) => isLookAlike(key, rootKeys))) return false;
  const { method } = asked;
  const rule = typeof method === 'string' ? ruleFor(method, 'server-to-client', 'legacy') : null;
  if (rule === null || !inputRulings.has(rule.ruled)) return false;
  return opens(caller, rule.ruled);
}

const inputRulings: ReadonlySet<Ruling> = new Set(['sampling', 'elicitation', 'roots']);

/** Records that a server's message was not passed on. */
export async function refusedFromServer(
  gateway: Gateway,
  caller: Pick<Caller, 'grant' | 'server'>,
  method: string,
  code: string,
): Promise<void> {
  const about = {
    method: method.slice(0, 128),
    direction: 'to-client',
    decision: 'deny',
    code,
  } as const;
  await gateway.audit.append(methodRecord(gateway, caller, about));
}

/** Sends the gateway's own answer to a server's request; nothing comes back. */
function answerServer(gateway: Gateway, caller: Caller, body: string, id: string): void {
  const session = caller.session;
  gateway.upstream(caller.server)?.exchange(
    {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(caller.protocolVersion === null
          ? {}
          : { 'mcp-protocol-version': caller.protocolVersion }),
        ...(session === null ? {} : { 'mcp-session-id': session.upstreamId }),
      },
      body: Buffer.from(body),
      message: { kind: 'response', id, method: null, progressToken: null },
      sessionId: session?.upstreamId ?? null,
      era: 'legacy',
      timeoutMs: gateway.limits.answerTimeoutMs,
    },
    ignored,
  );
}

const ignored: UpstreamListener = { head() {}, data() {}, end() {}, failed() {} };
