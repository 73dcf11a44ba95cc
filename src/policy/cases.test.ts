// Runs the language's cases (`spec/cases/**.json`) on the engine. The format is in its README.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseScanned, scanJson } from '../base/strict-json.ts';
import type { JsonLimits, JsonValue } from '../base/strict-json.ts';
import { compilePolicy, decide, isVisible, parsePolicy } from './index.ts';
import type { AccessRequest, Category, Decision, PolicySet, Risk } from './index.ts';

interface CaseFile {
  readonly description: string;
  readonly document: object | null;
  readonly guardrails?: Readonly<Record<string, object>>;
  readonly cases: readonly Case[];
}

interface Case {
  readonly name: string;
  readonly call: Call;
  readonly want: Want;
}

interface Call {
  readonly tool: string;
  readonly state?: 'pinned' | 'quarantined' | 'missing';
  readonly category?: Category;
  readonly risk?: Risk;
  readonly inputSchema?: JsonValue;
  readonly arguments?: JsonValue;
  readonly argumentsText?: string;
  readonly principal?: { readonly id: string; readonly kind: string };
  readonly grantLabel?: string;
  readonly serverName?: string;
  readonly timeMs?: number;
  readonly labels?: readonly string[];
}

interface Want {
  readonly effect: 'allow' | 'deny';
  readonly rule: string;
  readonly code?: string;
  readonly message?: string | null;
  readonly limits?: readonly object[];
  readonly approvals?: readonly object[];
  readonly labels?: readonly string[];
}

const directory = new URL('../../spec/cases/', import.meta.url);
const files = globSync('**/*.json', { cwd: directory }).sort();
let total = 0;

for (const file of files) {
  // The files are ours, and a field that is not as described fails the case that uses it.
  const read = JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as CaseFile;
  const set = compileAll(read);
  for (const each of read.cases) {
    total += 1;
    test(`${file}: ${each.name} (${each.call.tool})`, () => {
      const request = requestOf(each.call);
      const decision = decide(set, request);
      assertWanted(decision, each.want);
      assertSeen(set, request, decision);
    });
  }
}

test('there are at least 400 cases', () => assert.ok(total >= 400, `${total} cases`));

function compileAll(file: CaseFile): PolicySet {
  const guardrails = Object.entries(file.guardrails ?? {}).map(([name, document]) => ({
    name,
    policy: compile(document),
  }));
  return { policy: file.document === null ? null : compile(file.document), guardrails };
}

function compile(document: object): NonNullable<PolicySet['policy']> {
  const parsed = parsePolicy(JSON.stringify(document));
  assert.ok(parsed.ok, JSON.stringify(parsed, null, 1));
  const compiled = compilePolicy(parsed.value);
  assert.ok(compiled.ok, JSON.stringify(compiled, null, 1));
  return compiled.value;
}

function requestOf(call: Call): AccessRequest {
  const { state = 'pinned' } = call;
  const pinned = {
    name: call.tool,
    category: call.category ?? 'Write',
    risk: call.risk ?? 'Medium',
    inputSchema: call.inputSchema === undefined ? { type: 'object' } : call.inputSchema,
    digest: '00',
  };
  return {
    principal: call.principal ?? { id: 'ann', kind: 'agent' },
    grantLabel: call.grantLabel ?? 'ci',
    serverName: call.serverName ?? 'crm',
    toolName: call.tool,
    tool: state === 'missing' ? null : { ...pinned, state },
    arguments: call.argumentsText === undefined ? call.arguments : scanned(call.argumentsText),
    timeMs: call.timeMs ?? 0,
    labels: call.labels ?? [],
  };
}

const limits: JsonLimits = { bytesMax: 65_536, depthMax: 64, valuesMax: 10_000, stringMax: 65_536 };

/** As the gateway reads arguments: a number that a double does not carry exactly becomes NaN. */
function scanned(text: string): JsonValue {
  const scan = scanJson(new TextEncoder().encode(text), limits);
  assert.ok(scan.ok, JSON.stringify(scan));
  return parseScanned(scan.value);
}

function assertWanted(decision: Decision, want: Want): void {
  const { effect, rule } = decision;
  assert.deepEqual({ effect, rule }, { effect: want.effect, rule: want.rule });
  if (decision.effect === 'deny') {
    assert.equal(decision.code, want.code);
    if (want.message !== undefined) assert.equal(decision.message, want.message);
    return;
  }
  const { obligations } = decision;
  if (want.limits !== undefined) assertList(obligations.limits, want.limits);
  if (want.approvals !== undefined) assertList(obligations.approvals, want.approvals);
  if (want.labels !== undefined) assert.deepEqual(obligations.labels, want.labels);
}

/** As many as wanted, in order, each with the wanted fields. */
function assertList(actual: readonly object[], wanted: readonly object[]): void {
  assert.equal(actual.length, wanted.length, JSON.stringify(actual));
  for (const [index, want] of wanted.entries())
    assert.deepEqual({ ...actual[index], ...want }, actual[index]);
}

/** Lists agree with calls: a tool is in them unless its calls are hidden, unpinned, or all refused. */
function assertSeen(set: PolicySet, request: AccessRequest, decision: Decision): void {
  if (request.tool === null) return;
  const codes = ['hidden', 'unpinned', 'no-policy'];
  const unseen = decision.effect === 'deny' && codes.includes(decision.code);
  assert.equal(isVisible(set, request.tool), !unseen);
}
