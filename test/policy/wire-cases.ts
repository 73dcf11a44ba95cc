// Puts the language's cases to a whole data path: HTTP in, HTTP out, a real server behind it that
// keeps what reached it. What a case assumes (pins, the grant, the clock) is published to the
// gateway as its snapshot; the question itself goes over the wire as a client sends it.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';

import type { RecordBody } from '../../src/audit/record.ts';
import { scanJson } from '../../src/base/strict-json.ts';
import { isLabelKey } from '../../src/counters/key.ts';
import { definitionDigest } from '../../src/gateway/list.ts';
import { readToolList } from '../../src/mcp/tool.ts';
import type { Allow, LimitObligation, PinnedTool, PolicySet } from '../../src/policy/index.ts';
import { decide } from '../../src/policy/index.ts';
import type { Snapshot } from '../../src/registry/snapshot.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { post, type Answered } from '../support/mcp-requests.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';
import { compileAll, requestOf, type Case, type CaseFile, type Want } from './spec-cases.ts';

/** What became of the cases of one file. */
export interface WireReport {
  readonly ran: number;
  /** Lists that were asked for, of those that ran. */
  readonly lists: number;
  /** Reason -> the cases that cannot be put over the wire for it. */
  readonly skipped: ReadonlyMap<string, readonly string[]>;
  /** One line for each case whose answer is not the wanted one. */
  readonly wrong: readonly string[];
}

/** One gateway under test, its one server, and the client's connection. */
interface Stand {
  readonly path: DataPath;
  readonly server: RecordingServer;
  readonly agent: Agent;
  readonly set: PolicySet;
}

/** The policy of the server that puts labels on the principal before a case that starts with some. */
const labeller = 'labeller';

/** Runs every case of a file on one data path, each with counters of its own. */
export async function runOverWire(file: CaseFile): Promise<WireReport> {
  const clock = { nowMs: 0 };
  const server = await startRecordingServer();
  const names = new Set(file.cases.map(({ call }) => call.serverName ?? 'crm'));
  const policies = Object.fromEntries([...names].map((name) => [name, file.document]));
  const labels = file.cases.flatMap(({ call }) => call.labels ?? []);
  const tools = Object.fromEntries(labels.map((label) => [label, { labels: { adds: [label] } }]));
  const path = await startDataPath({
    servers: [...names, labeller].map((name) => {
      return { name, transport: 'http', url: server.url, headers: {}, allowPrivate: true } as const;
    }),
    policies: {
      ...(file.document === null ? {} : policies),
      [labeller]: { version: '1', default: 'deny', tools },
    },
    guardrails: file.guardrails ?? {},
    nowMs: () => clock.nowMs,
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const stand = { path, server, agent, set: compileAll(file) };
  const skipped = new Map<string, string[]>();
  const wrong: string[] = [];
  let ran = 0;
  let lists = 0;
  for (const each of file.cases) {
    clock.nowMs = each.call.timeMs ?? 0;
    try {
      const reason = (await prepare(stand, each)) ?? (await put(stand, each));
      if (reason !== null) {
        skipped.set(reason, [...(skipped.get(reason) ?? []), each.name]);
        continue;
      }
      ran += 1;
      if (await list(stand, each)) lists += 1;
    } catch (error) {
      wrong.push(`${each.name} (${each.call.tool}): ${(error as Error).message}`);
    }
  }
  agent.destroy();
  await path.close();
  await server.close();
  return { ran, lists, skipped, wrong };
}

/** Publishes what the case assumes; a reason when that cannot be brought about. */
async function prepare(stand: Stand, { call }: Case): Promise<string | null> {
  const { path, server } = stand;
  const request = requestOf(call);
  const { serverName, principal, grantLabel } = request;
  const definition = { name: call.tool, inputSchema: request.tool?.inputSchema ?? null };
  const { digest, readable } = pinOf(definition);
  if (request.tool !== null && !readable) return 'no server can list such a tool';
  const pinned = request.tool === null ? null : { ...request.tool, digest };
  server.setTools(pinned === null ? [] : [definition]);
  path.resetCounters();
  path.publish((snapshot) => ({
    ...snapshot,
    servers: new Map(
      [...snapshot.servers].map(([name, old]) => {
        const listed = name === serverName && pinned !== null ? [[call.tool, pinned] as const] : [];
        return [name, { ...old, tools: new Map<string, PinnedTool>(listed) }];
      }),
    ),
    grantsByToken: withGrant(snapshot, { principal, label: grantLabel }),
  }));
  await label(stand, call.labels ?? []);
  return null;
}

function withGrant(snapshot: Snapshot, change: object): Snapshot['grantsByToken'] {
  return new Map([...snapshot.grantsByToken].map(([hash, old]) => [hash, { ...old, ...change }]));
}

/** The digest of a definition as a list would show it; not readable: the list would be refused. */
function pinOf(definition: object): { readonly digest: string; readonly readable: boolean } {
  const bytes = new TextEncoder().encode(JSON.stringify({ result: { tools: [definition] } }));
  const limits = { bytesMax: 1e6, depthMax: 64, valuesMax: 100_000, stringMax: 1e6 };
  const scan = scanJson(bytes, limits);
  const read = scan.ok ? readToolList(scan.value) : null;
  const [entry] = read?.ok === true ? read.value.tools : [];
  if (read?.ok !== true || entry === undefined) return { digest: '', readable: false };
  return { digest: definitionDigest(read.value, entry), readable: true };
}

/** Puts labels on the principal by calls to another server: labels have no other way in. */
async function label(stand: Stand, labels: readonly string[]): Promise<void> {
  for (const one of labels) {
    stand.path.publish((snapshot) => ({
      ...snapshot,
      servers: new Map(
        [...snapshot.servers].map(([name, old]) => {
          const pinned = requestOf({ tool: one }).tool;
          if (name !== labeller || pinned === null) return [name, old];
          return [name, { ...old, tools: new Map([[one, pinned]]) }];
        }),
      ),
    }));
    const answer = await send(stand, labeller, callText({ tool: one }));
    assert.doesNotMatch(answer.text, /error|isError/, answer.text);
  }
}

/**
 * Sends the call, and compares answer, record, and what reached the server, with what is wanted.
 * A reason when this gateway cannot carry out what the case needs.
 */
async function put(stand: Stand, { call, want }: Case): Promise<string | null> {
  const { path, server, set } = stand;
  server.bodies.length = 0;
  path.records.length = 0;
  const text = callText(call);
  const answer = await send(stand, call.serverName ?? 'crm', text);
  const record = path.records.find(({ kind }) => kind === 'intent' || kind === 'refusal');
  const unread = refusedUnread(answer, path.records);
  if (unread !== null) {
    // Refused before any policy: as safe as the wanted refusal, and only ever beside one.
    assert.equal(want.effect, 'deny', unread);
    assert.deepEqual(server.bodies, []);
    return 'refused before a policy is asked, where a refusal is wanted';
  }
  assert.ok(record !== undefined, `no record: ${answer.text}`);
  const allowed = want.effect === 'allow' ? decide(set, requestOf(call)) : null;
  const wanted = wantedOf(want, allowed?.effect === 'allow' ? allowed : null);
  if (wanted.enforcement === 'permitted') {
    assert.deepEqual(kindAndRule(record), { kind: 'intent', rule: want.rule, code: null });
    assert.equal(server.bodies.length, 1, 'the call did not reach the server');
    assert.equal(server.bodies[0], text, 'other bytes reached the server');
    assert.match(answer.text, /"result"/);
    assertCarriedOut(record, allowed);
    return null;
  }
  const { code, rule } = wanted;
  assert.deepEqual(kindAndRule(record), { kind: 'refusal', rule, code });
  assert.deepEqual(server.bodies, [], 'a refused call reached the server');
  assertTold(answer, call.tool, { ...wanted, message: want.message ?? null });
  return null;
}

interface Wanted {
  readonly enforcement: 'permitted' | 'held' | 'refused';
  readonly rule: string;
  readonly code: string | null;
}

/** What must be done about an answer of the engine: obligations are carried out, not listed. */
function wantedOf(want: Want, allow: Allow | null): Wanted {
  if (allow === null) return { enforcement: 'refused', rule: want.rule, code: want.code ?? '' };
  const { limits, approvals } = allow.obligations;
  const spent = limits.find((limit) => largest(limit, limits) > limit.max);
  if (spent !== undefined) return { enforcement: 'refused', rule: spent.rule, code: 'limit' };
  const [approval] = approvals;
  if (approval !== undefined) {
    return { enforcement: 'held', rule: approval.rule, code: 'approval' };
  }
  return { enforcement: 'permitted', rule: want.rule, code: null };
}

/** Units that a call takes from a limit's counter: the largest of those that share it. */
function largest(limit: LimitObligation, limits: readonly LimitObligation[]): number {
  const shared = limits.filter((other) => {
    const { counter, scope, guardrail, windowMs } = other;
    return (
      counter === limit.counter &&
      scope === limit.scope &&
      guardrail === limit.guardrail &&
      (windowMs === null) === (limit.windowMs === null)
    );
  });
  return Math.max(...shared.map(({ units }) => units));
}

/** What the record says that the call took and set. */
function assertCarriedOut(record: RecordBody, allowed: ReturnType<typeof decide> | null): void {
  if (record.kind !== 'intent' || allowed?.effect !== 'allow') return;
  const { limits } = allowed.obligations;
  const limited = record.units.filter(({ key }) => !isLabelKey(key));
  const taken = limited.map(({ units, windowMs }) => `${units} in ${windowMs}`);
  const wanted = limits
    .filter((limit) => limit.windowMs !== null)
    .map((limit) => `${largest(limit, limits)} in ${limit.windowMs}`);
  const counted = taken.filter((one) => !one.endsWith(' null'));
  assert.deepEqual(new Set(counted), new Set(wanted), 'units that were taken');
  assert.deepEqual(record.labels ?? [], allowed.obligations.labels, 'labels that were set');
}

const unknownCodes: ReadonlySet<string | null> = new Set(['hidden', 'unknown', 'unpinned']);

/** What the agent reads: the protocol's own answer for a tool that is not there, or a result. */
function assertTold(
  answer: Answered,
  tool: string,
  wanted: Wanted & { readonly message: string | null },
): void {
  assert.equal(answer.status, 200);
  if (unknownCodes.has(wanted.code)) {
    // Nothing in it may tell a hidden tool from one that is not there.
    const { error } = JSON.parse(answer.text) as { error: object };
    const message = `Unknown tool: ${tool.slice(0, 128)}`;
    assert.deepEqual(error, { code: -32602, message });
    return;
  }
  const word = wanted.enforcement === 'held' ? 'HELD' : 'DENIED';
  // An answer that is not of this shape fails the comparisons below.
  const { result } = JSON.parse(answer.text) as {
    result: { isError: boolean; content: { text: string }[]; _meta: Record<string, object> };
  };
  assert.equal(result.isError, true);
  const said = result.content[0]?.text ?? '';
  const begins = `[POLICY ${word}] ${wanted.message ?? ''}`;
  assert.ok(said.startsWith(begins), `said \`${said}\`, not \`${begins}\``);
  const [meta] = Object.values(result._meta);
  assert.deepEqual({ rule: wanted.rule, ...meta }, meta, 'the rule that the agent is told');
}

/** The tool is listed exactly when its calls are not answered as those of no tool. */
async function list(stand: Stand, { call }: Case): Promise<boolean> {
  const { tool } = requestOf(call);
  if (tool === null || !/^[A-Za-z0-9_./-]{1,128}$/.test(call.tool)) return false;
  const text = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const answer = await send(stand, call.serverName ?? 'crm', text);
  const { result } = JSON.parse(answer.text) as { result?: { tools?: { name: string }[] } };
  const seen = result?.tools?.some(({ name }) => name === call.tool);
  const decision = decide(stand.set, requestOf(call));
  const codes = ['hidden', 'unpinned', 'no-policy'];
  const unseen = decision.effect === 'deny' && codes.includes(decision.code);
  assert.equal(seen, !unseen, `listed: ${answer.text}`);
  return true;
}

/** The text of the call, its arguments as they were written. */
function callText(call: Case['call']): string {
  const { tool, argumentsText } = call;
  const written =
    argumentsText ?? (call.arguments === undefined ? null : JSON.stringify(call.arguments));
  const args = written === null ? '' : `,"arguments":${written}`;
  return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${JSON.stringify(tool)}${args}}}`;
}

function send({ path, agent }: Stand, server: string, body: string): Promise<Answered> {
  const client = {
    url: `${path.url}/s/${encodeURIComponent(server)}/mcp`,
    token: path.token,
    agent,
  };
  return post(client, { body });
}

/** Why the gateway would not read the message at all; null when it did. */
function refusedUnread(answer: Answered, records: readonly RecordBody[]): string | null {
  const edge = records.find((record) => record.kind === 'method' && record.decision === 'deny');
  if (edge === undefined || edge.kind !== 'method') return null;
  return `refused at the edge: ${answer.status} ${edge.code} ${answer.text}`;
}

function kindAndRule(record: RecordBody): object {
  if (record.kind === 'intent') return { kind: record.kind, rule: record.rule, code: null };
  if (record.kind === 'refusal') {
    return { kind: record.kind, rule: record.rule, code: record.code };
  }
  return { kind: record.kind };
}
