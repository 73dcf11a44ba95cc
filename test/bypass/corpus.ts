import { canonicalJson } from '../../src/base/canonical-json.ts';
import {
  membersAt,
  scanJson,
  type JsonObject,
  type JsonText,
  type Member,
} from '../../src/base/strict-json.ts';
import { decodeMessage } from '../../src/mcp/decode.ts';
import { checkMirroredHeaders } from '../../src/mcp/headers.ts';
import {
  bodyOf,
  bytesOf,
  type BypassCase,
  type Expectation,
  type Input,
  type Values,
} from './case.ts';
import { callsIn, whyDenied } from './readings.ts';
import type { Arrival, Recorder } from './recorder.ts';
import { exchange, type Address, type Heard } from './wire.ts';

/** A gateway that is tried, and the server behind it. */
export interface Target {
  readonly address: Address;
  readonly values: Values;
  readonly recorder: Recorder;
}

/** What one input came to. */
export interface Tried {
  readonly heard: Heard;
  readonly arrivals: readonly Arrival[];
  /** What got through; empty when nothing did. */
  readonly leaks: readonly string[];
  /** Tools that ran, as the server itself reads what it received. */
  readonly runs: readonly string[];
}

/** What a case came to, with the call that is sent after it. */
export interface CaseResult {
  readonly tried: Tried;
  readonly twin: Tried | null;
  /** A good call went through afterwards. */
  readonly stillServes: boolean;
}

/** A loaded machine may take long; where no answer is due, the wait is for what would be wrong. */
const answerMs = 8_000;
const silenceMs = 500;
const limits = { bytesMax: 4_194_304, depthMax: 900, valuesMax: 1_000_000, stringMax: 4_194_304 };

/** Sends one case, its twin, and a call that must pass. */
export async function runCase(target: Target, one: BypassCase): Promise<CaseResult> {
  const { recorder, values } = target;
  const answer = one.hostile === undefined ? null : bytesOf(one.hostile.answer, values);
  recorder.answerWith('"bypass-hostile"', answer);
  const tried = await tryInput(target, one);
  recorder.answerWith('', null);
  const seen = (one.hostile?.never ?? []).filter((text) => tried.heard.text.includes(text));
  const leaks = [...tried.leaks, ...seen.map((text) => `the client saw \`${text}\``)];
  const twin = one.twin === undefined ? null : await tryInput(target, one.twin);
  const after = await tryInput(target, { send: goodCall, expect: { runs: ['read'] } });
  // What reached the server late counts too.
  leaks.push(...after.leaks);
  if (one.always === true)
    leaks.push(...tried.runs.map((tool) => `\`${tool}\` ran, and nothing may`));
  return { tried: { ...tried, leaks }, twin, stillServes: after.runs.includes('read') };
}

/** How an input differs from what must come of it here; empty when it does not. */
export function faultsOf({ heard, arrivals, runs }: Tried, expect: Expectation): readonly string[] {
  const faults: string[] = [];
  if (expect.status !== undefined && !expect.status.includes(heard.status)) {
    faults.push(`status ${heard.status} in place of ${expect.status.join(' or ')}`);
  }
  if (expect.code !== undefined && !heard.text.includes(`"code":${expect.code},`)) {
    faults.push(`no code ${expect.code}`);
  }
  if (expect.says !== undefined && !heard.text.includes(expect.says)) {
    faults.push(`the answer does not say \`${expect.says}\``);
  }
  if (runs.join() !== expect.runs.join())
    faults.push(`ran [${runs.join()}], not [${expect.runs.join()}]`);
  const passes = expect.passes ?? [];
  const others = methodsIn(arrivals).filter((method) => !passes.includes(method));
  if (others.length > 0) faults.push(`reached the server: ${others.join()}`);
  return faults;
}

/** A call that every case is followed by. */
export const goodCall: readonly string[] = [
  'POST {{path}} HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: {{authorization}}\r\n' +
    'Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n' +
    'Mcp-Session-Id: {{session}}\r\nContent-Length: {{length}}\r\n\r\n',
  '{"jsonrpc":"2.0","id":"good","method":"tools/call","params":{"name":"{{read}}","arguments":{}}}',
];

async function tryInput(target: Target, input: Input): Promise<Tried> {
  const { address, recorder, values } = target;
  const from = recorder.arrivals.length;
  const bytes = bytesOf(input.send, values);
  const answers = bytes.toString('latin1').split(' HTTP/1.1\r\n').length - 1;
  const silent = input.expect.status?.every((status) => status === 0) ?? false;
  const waitMs = silent ? silenceMs : answerMs;
  const heard = await exchange(address, { bytes, waitMs, answers });
  const arrivals = recorder.arrivals.slice(from).filter((arrival) => !arrival.isReading);
  const runs = arrivals.flatMap((arrival) => runsIn(arrival));
  return { heard, arrivals, leaks: leaksIn(arrivals, bytes, values), runs };
}

/** What must not have reached the server, whatever the gateway answered. */
function leaksIn(arrivals: readonly Arrival[], sent: Buffer, values: Values): readonly string[] {
  const leaks = new Set<string>();
  for (const arrival of arrivals) {
    for (const call of callsIn(arrival)) {
      const why = whyDenied(call);
      if (why !== null) leaks.add(why);
    }
    const token = values.authorization.replace(/^\S+ /, '');
    const text = `${arrival.url}\n${JSON.stringify(arrival.headers)}\n${arrival.bytes.toString('latin1')}`;
    if (token !== '' && text.includes(token)) leaks.add("the client's token reached the server");
    const lie = headersThatDiffer(arrival);
    if (lie !== null) leaks.add(`header and body differ at the server: ${lie}`);
    if (isAltered(arrival, bodyOf(sent))) leaks.add('the arguments changed on their way');
  }
  return [...leaks];
}

/** The header that says something else than the body, for servers and routers that read headers. */
function headersThatDiffer(arrival: Arrival): string | null {
  const text = scanned(arrival.bytes);
  const message = text === null ? null : decodeMessage(text);
  if (message === null || !message.ok || message.value.kind === 'response') return null;
  const raw = Object.entries(arrival.headers).flatMap(([name, value]) => [name, String(value)]);
  const named = message.value.era === 'modern' ? raw : onlyMirrors(raw);
  const params = [{ header: 'mcp-param-region', path: ['region'], type: 'string' as const }];
  const problem = checkMirroredHeaders(named, { ...message.value, kind: 'notification' }, params);
  return problem?.reason === 'header-missing' ? null : (problem?.header ?? extraRegion(arrival));
}

/** In the legacy era the version is of the session, not of the message. */
function onlyMirrors(raw: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    if (name.startsWith('mcp-') && name !== 'mcp-protocol-version')
      kept.push(name, raw[at + 1] ?? '');
  }
  return kept;
}

function extraRegion(arrival: Arrival): string | null {
  if (arrival.headers['mcp-param-region'] === undefined) return null;
  return arrival.bytes.includes('"region"') ? null : 'mcp-param-region';
}

/** Whether the one call of a body that everybody reads alike arrived with other arguments. */
function isAltered(arrival: Arrival, sent: Buffer): boolean {
  const judged = argumentsIn(sent);
  const received = argumentsIn(arrival.bytes);
  return judged !== null && received !== null && judged !== received;
}

/** Canonical text of a call's arguments, numbers as they were written; null when it is no call. */
export function argumentsIn(bytes: Buffer): string | null {
  const text = scanned(bytes);
  const message = text === null ? null : decodeMessage(text);
  if (text === null || message === null || !message.ok || message.value.kind !== 'request')
    return null;
  const { method, paramsSpan } = message.value;
  if (method !== 'tools/call' || paramsSpan === null) return null;
  const found = memberOf(text, paramsSpan.start, 'arguments');
  return found === null ? '' : canonicalJson(text, found.valueStart, found.valueEnd);
}

function scanned(bytes: Buffer): JsonText | null {
  const text = scanJson(bytes, limits);
  return text.ok ? text.value : null;
}

function memberOf(text: JsonText, start: number, key: string): Member | null {
  return membersAt(text.text, start).find((member) => member.key === key) ?? null;
}

/** The tools that one request runs, as a proper server reads it. */
export function runsIn(arrival: Arrival): readonly string[] {
  const text = scanned(arrival.bytes);
  const message = text === null ? null : decodeMessage(text);
  if (message === null || !message.ok || message.value.kind !== 'request') return [];
  const { method, params } = message.value;
  return method === 'tools/call' ? [nameIn(params)] : [];
}

/** The name of the tool that a call's parameters ask for. */
export function nameIn(params: JsonObject | undefined): string {
  const name = params?.['name'];
  return typeof name === 'string' ? name : JSON.stringify(name ?? null);
}

/** Methods that reached the server, calls aside. */
export function methodsIn(arrivals: readonly Arrival[]): readonly string[] {
  return arrivals.flatMap((arrival) => {
    if (arrival.method !== 'POST') return [arrival.method];
    const text = scanned(arrival.bytes);
    const message = text === null ? null : decodeMessage(text);
    if (message === null || !message.ok) return ['(unreadable)'];
    if (message.value.kind === 'response') return ['(response)'];
    return message.value.method === 'tools/call' ? [] : [message.value.method];
  });
}
