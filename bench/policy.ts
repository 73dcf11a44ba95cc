import { compilePolicy, decide, parsePolicy } from '../src/policy/index.ts';
import { otherEngines, type OtherEngine, type PlainCall } from './policy-engines.ts';
import type { AccessRequest, CompiledPolicy, PinnedTool } from '../src/policy/index.ts';

const TOOLS = [10, 1_000, 10_000];
const RULES = 10;
const DECISIONS = 200_000;
const REPEATS = 5;
const TEXT_BYTES = 4_000;
const WIDE_MEMBERS = 100;
const BOUND = 1_000_000;
const OTHERS_TOOLS = [10, 1_000];
/** Milliseconds of one run of another engine. */
const OTHERS_MS = 200;
const fieldNames = Array.from({ length: RULES }, (_, at) => `field${at}`);

/** Times `decide` alone, then other engines with the same calls: nanoseconds a decision. */
export async function benchPolicy(): Promise<string> {
  const lines = TOOLS.map((tools) => row(tools, 'portcullis', ownTime(tools, plainRequest)));
  lines.push(row(10, 'portcullis, wide', ownTime(10, wideRequest)));
  for (const tools of OTHERS_TOOLS) {
    const names = Array.from({ length: tools }, (_, at) => `tool_${at}`);
    const policy = { tools: names, fields: fieldNames, max: BOUND };
    for (const engine of await otherEngines(policy)) {
      lines.push(row(tools, engine.name, await otherTime(engine, tools)));
    }
  }
  const title = `decide: ${RULES} predicates and a limit, ${TEXT_BYTES} bytes of arguments`;
  const notes = [
    `medians of ${REPEATS} runs; the others decide the same calls without limits, and name no rule`,
    `wide: the same bytes in ${WIDE_MEMBERS} members, every key of which is compared with those named`,
  ];
  return [title, '  tools  engine               ns/decision', ...lines, ...notes].join('\n');
}

function row(tools: number, engine: string, ns: number): string {
  return `${String(tools).padStart(7)}  ${engine.padEnd(19)}  ${ns.toFixed(0).padStart(11)}`;
}

function ownTime(tools: number, make: (index: number) => AccessRequest): number {
  const policy = compiled(policyText(tools));
  const requests = Array.from({ length: 64 }, (_, at) => make((at * 7919) % tools));
  timeOnce(policy, requests);
  return median(Array.from({ length: REPEATS }, () => timeOnce(policy, requests)));
}

function median(runs: readonly number[]): number {
  return runs.toSorted((a, b) => a - b)[Math.floor(runs.length / 2)] ?? Number.NaN;
}

/** The median of a few runs, each as long as it needs for a steady figure and no longer. */
async function otherTime(engine: OtherEngine, tools: number): Promise<number> {
  const calls = Array.from({ length: 64 }, (_, at) => callFor((at * 7919) % tools));
  const refused = { ...callFor(0), args: { ...callFor(0).args, field0: BOUND + 1 } };
  if (await engine.allows(refused)) throw new Error(`${engine.name} allows what it must refuse`);
  const runs: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    let done = 0;
    const startMs = performance.now();
    while (performance.now() - startMs < OTHERS_MS) {
      for (const call of calls) {
        if (!(await engine.allows(call))) throw new Error(`${engine.name} refuses the benchmark`);
      }
      done += calls.length;
    }
    runs.push(((performance.now() - startMs) * 1_000_000) / done);
  }
  return median(runs);
}

function callFor(index: number): PlainCall {
  const fields = fieldNames.map((field, at): [string, number] => [field, at]);
  const args = { ...Object.fromEntries(fields), text: 'x'.repeat(TEXT_BYTES) };
  return { tool: `tool_${index}`, args };
}

/** The predicates stand in `all_tools`, so that every decision evaluates all of them. */
function policyText(tools: number): string {
  const deny_if = fieldNames.map((field) => ({ path: `args.${field}`, op: 'gt', value: BOUND }));
  const limits = [{ counter: 'calls', window: 'minute', max: 1_000_000, scope: 'grant' }];
  const entries = Array.from({ length: tools }, (_, at): [string, object] => [
    `tool_${at}`,
    { limits },
  ]);
  const named = Object.fromEntries(entries);
  return JSON.stringify({ version: '1', default: 'deny', all_tools: { deny_if }, tools: named });
}

function compiled(text: string): CompiledPolicy {
  const document = parsePolicy(text);
  if (!document.ok) throw new Error(`the policy does not parse: ${JSON.stringify(document.error)}`);
  const policy = compilePolicy(document.value);
  if (!policy.ok) throw new Error(`the policy does not compile: ${JSON.stringify(policy.error)}`);
  return policy.value;
}

function plainRequest(index: number): AccessRequest {
  return requestFor(index, { text: 'x'.repeat(TEXT_BYTES) });
}

function wideRequest(index: number): AccessRequest {
  const each = TEXT_BYTES / WIDE_MEMBERS;
  const members = Array.from({ length: WIDE_MEMBERS }, (_, at): [string, string] => {
    const key = `member_${at}`;
    return [key, 'x'.repeat(each - key.length)];
  });
  return requestFor(index, Object.fromEntries(members));
}

function requestFor(index: number, beside: Readonly<Record<string, string>>): AccessRequest {
  const name = `tool_${index}`;
  const tool: PinnedTool = {
    name,
    state: 'pinned',
    category: 'Write',
    risk: 'Medium',
    inputSchema: { type: 'object' },
    digest: '0'.repeat(64),
  };
  const fields = fieldNames.map((field, at): [string, number] => [field, at]);
  return {
    principal: { id: 'agent:bench', kind: 'agent' },
    grantLabel: 'bench',
    serverName: 'echo',
    toolName: name,
    tool,
    arguments: { ...Object.fromEntries(fields), ...beside },
    timeMs: 0,
    labels: [],
  };
}

function timeOnce(policy: CompiledPolicy, requests: readonly AccessRequest[]): number {
  const set = { policy, guardrails: [] };
  let allowed = 0;
  const startMs = performance.now();
  for (let done = 0; done < DECISIONS; done += requests.length) {
    for (const request of requests) if (decide(set, request).effect === 'allow') allowed += 1;
  }
  const elapsedMs = performance.now() - startMs;
  if (allowed < DECISIONS) throw new Error('a decision of the benchmark was no');
  return (elapsedMs * 1_000_000) / allowed;
}
