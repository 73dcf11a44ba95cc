// Reads the language's cases (`spec/cases/**.json`) for whatever runs them. The format is in their
// README.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { parseScanned, scanJson } from '../../src/base/strict-json.ts';
import type { JsonLimits, JsonValue } from '../../src/base/strict-json.ts';
import { compilePolicy, parsePolicy } from '../../src/policy/index.ts';
import type {
  AccessRequest,
  Category,
  CompiledPolicy,
  PolicySet,
  Risk,
} from '../../src/policy/index.ts';

/** One file: a document, what stands above it, and the calls that are put to it. */
export interface CaseFile {
  readonly description: string;
  readonly document: object | null;
  readonly guardrails?: Readonly<Record<string, object>>;
  readonly cases: readonly Case[];
}

/** A question and its answer. */
export interface Case {
  readonly name: string;
  readonly call: Call;
  readonly want: Want;
}

export interface Call {
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

export interface Want {
  readonly effect: 'allow' | 'deny';
  readonly rule: string;
  readonly code?: string;
  readonly message?: string | null;
  readonly limits?: readonly object[];
  readonly approvals?: readonly object[];
  readonly labels?: readonly string[];
}

const directory = new URL('../../spec/cases/', import.meta.url);

/** Every file, by its path below the folder of the cases. */
export function readCaseFiles(): readonly (readonly [string, CaseFile])[] {
  const names = globSync('**/*.json', { cwd: directory }).toSorted();
  return names.map((name) => {
    // The files are ours, and a field that is not as described fails the case that uses it.
    return [name, JSON.parse(readFileSync(new URL(name, directory), 'utf8')) as CaseFile];
  });
}

/** The documents of a file, ready to decide. */
export function compileAll(file: CaseFile): PolicySet {
  const guardrails = Object.entries(file.guardrails ?? {}).map(([name, document]) => ({
    name,
    policy: compile(document),
  }));
  return { policy: file.document === null ? null : compile(file.document), guardrails };
}

function compile(document: object): CompiledPolicy {
  const parsed = parsePolicy(JSON.stringify(document));
  assert.ok(parsed.ok, JSON.stringify(parsed, null, 1));
  const compiled = compilePolicy(parsed.value);
  assert.ok(compiled.ok, JSON.stringify(compiled, null, 1));
  return compiled.value;
}

/** The question of a call: what it leaves open is filled in as the README says. */
export function requestOf(call: Call): AccessRequest {
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
