// What a replay tells of a log is what the engine and the counters did when they knew the values.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { randomDocument, randomRequest, seeded } from '../../../test/policy/random-case.ts';
import { sampleIntent } from '../../audit/record-samples.ts';
import type { JsonValue } from '../../base/strict-json.ts';
import { counterKey } from '../../counters/key.ts';
import { MemoryCounters } from '../../counters/memory-counters.ts';
import {
  compilePolicy,
  decide,
  type AccessRequest,
  type CompiledPolicy,
  type LimitObligation,
  type PinnedTool,
} from '../../policy/index.ts';
import { replay } from './simulate.ts';
import type { RecordedCall } from './traffic.ts';

const logs = 400;
const callsEach = 12;
const random = seeded(41);
const startMs = 1_790_000_000_000;

function keyOf(request: AccessRequest, limit: LimitObligation): string {
  const who = {
    grant: 'g',
    session: 'g',
    principal: request.principal.id,
    server: request.serverName,
    everyone: '',
  }[limit.scope];
  const { scope, counter } = limit;
  const name = { server: request.serverName, scope, who, counter, guardrail: null, observe: false };
  return counterKey(name);
}

/** What a gateway does with a call whose values it knows. */
function enforced(
  policy: CompiledPolicy,
  counters: MemoryCounters,
  request: AccessRequest,
): 'allow' | 'deny' | 'hold' {
  const decision = decide({ policy, guardrails: [] }, request);
  if (decision.effect === 'deny') return 'deny';
  const { approvals, limits } = decision.obligations;
  const takes = limits.map((limit) => ({ ...limit, key: keyOf(request, limit) }));
  if (approvals.length > 0) {
    return takes.length === 0 || counters.peek(takes).ok ? 'hold' : 'deny';
  }
  return takes.length === 0 || counters.take(takes).ok ? 'allow' : 'deny';
}

function namesOf(value: JsonValue | undefined): readonly string[] | null {
  if (value === undefined || value === null) return [];
  return typeof value === 'object' && !Array.isArray(value) ? Object.keys(value) : null;
}

interface Log {
  readonly policy: CompiledPolicy;
  readonly tools: readonly PinnedTool[];
  readonly calls: readonly RecordedCall[];
  readonly effects: readonly string[];
}

function randomLog(): Log {
  const compiled = compilePolicy(randomDocument(random));
  assert.ok(compiled.ok);
  let nowMs = startMs;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const counters = new MemoryCounters({ clock });
  const tools = new Map<string, PinnedTool>();
  const calls: RecordedCall[] = [];
  const effects: string[] = [];
  while (calls.length < callsEach) {
    nowMs += Math.floor(random() * 40_000);
    const made = randomRequest(random);
    const keys = namesOf(made.arguments);
    if (made.tool === null || made.tool.name !== made.toolName || keys === null) continue;
    const tool: PinnedTool = tools.get(made.toolName) ?? { ...made.tool, state: 'pinned' };
    tools.set(made.toolName, tool);
    const principal = { id: 'agent:ci', kind: 'agent' };
    const request = { ...made, tool, principal, grantLabel: 'ci', timeMs: nowMs };
    effects.push(enforced(compiled.value, counters, request));
    const record = sampleIntent(`dec_${calls.length}`, {
      time: nowMs,
      grant: 'g',
      era: 'modern',
      // A client of that era may name a session: it is counted with the grant all the same.
      session: calls.length % 2 === 0 ? null : `session ${calls.length}`,
      principal: principal.id,
      server: request.serverName,
      tool: tool.name,
      pin: tool.digest,
      argumentKeys: keys,
    });
    calls.push({ seq: calls.length + 1, record, end: { endedMs: null, givenBack: false } });
  }
  return { policy: compiled.value, tools: [...tools.values()], calls, effects };
}

test(`a replay of ${logs} random logs tells nothing that was not so`, () => {
  let told = 0;
  for (let made = 0; made < logs; made += 1) {
    const { policy, tools, calls, effects } = randomLog();
    const known = replay(calls, { policy, tools, labels: new Map([['g', 'ci']]) });
    const strangers = replay(calls, { policy, tools: null, labels: null });
    for (const replayed of [known, strangers]) {
      for (const [index, { becomes, plainOnly, call, rules }] of replayed.entries()) {
        if (becomes === null || plainOnly) continue;
        told += 1;
        const label = JSON.stringify({ rules, record: call.record, document: policy.document });
        assert.equal(becomes, effects[index], label);
      }
    }
  }
  assert.ok(told > logs * callsEach * 0.6, `only ${told} answers were told`);
});
