import { compilePolicy, decide, parsePolicy } from '../src/policy/index.ts';
import type { AccessRequest, CompiledPolicy, PinnedTool } from '../src/policy/index.ts';

const TOOLS = [10, 1_000, 10_000];
const RULES = 10;
const DECISIONS = 200_000;
const REPEATS = 5;
const TEXT_BYTES = 4_000;

/** Times `decide` alone: a table of nanoseconds a decision, the best of a few runs. */
export function benchPolicy(): string {
  const lines = TOOLS.map((tools) => {
    const policy = compiled(policyText(tools));
    const requests = Array.from({ length: 64 }, (_, at) => requestFor((at * 7919) % tools));
    const runs = Array.from({ length: REPEATS }, () => timeOnce(policy, requests));
    return `${String(tools).padStart(7)}  ${Math.min(...runs)
      .toFixed(0)
      .padStart(11)}`;
  });
  const title = `decide: ${RULES} predicates and a limit, ${TEXT_BYTES} bytes of arguments`;
  return [title, '  tools  ns/decision', ...lines].join('\n');
}

/** The predicates stand in `all_tools`, so that every decision evaluates all of them. */
function policyText(tools: number): string {
  const deny_if = Array.from({ length: RULES }, (_, at) => ({
    path: `args.field${at}`,
    op: 'gt',
    value: 1_000_000,
  }));
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

function requestFor(index: number): AccessRequest {
  const name = `tool_${index}`;
  const tool: PinnedTool = {
    name,
    state: 'pinned',
    category: 'Write',
    risk: 'Medium',
    inputSchema: { type: 'object' },
    digest: '0'.repeat(64),
  };
  const fields = Array.from({ length: RULES }, (_, at): [string, number] => [`field${at}`, at]);
  return {
    principal: { id: 'agent:bench', kind: 'agent' },
    grantLabel: 'bench',
    serverName: 'echo',
    toolName: name,
    tool,
    arguments: { ...Object.fromEntries(fields), text: 'x'.repeat(TEXT_BYTES) },
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
