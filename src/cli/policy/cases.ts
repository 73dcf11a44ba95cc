import * as z from 'zod';

import { err, ok, type Result } from '../../base/result.ts';
import { parseScanned, scanJson, type JsonValue } from '../../base/strict-json.ts';
import { offsetOf, placesOf, plainValue, readJsonTree } from '../../policy/json-tree.ts';
import {
  categories,
  decide,
  risks,
  type AccessRequest,
  type Allow,
  type Category,
  type CompiledPolicy,
  type Decision,
  type LimitObligation,
  type PinnedTool,
  type PolicyProblem,
  type Risk,
} from '../../policy/index.ts';
import { nearest } from '../../policy/nearest.ts';
import { pointerToken } from '../../policy/problem.ts';

const callFields = {
  name: z.string().optional(),
  tool: z.string(),
  state: z.enum(['pinned', 'quarantined', 'missing']).optional(),
  category: z.enum(categories).optional(),
  risk: z.enum(risks).optional(),
  inputSchema: z.json().optional(),
  arguments: z.json().optional(),
  argumentsText: z.string().optional(),
  principal: z.strictObject({ id: z.string(), kind: z.string() }).optional(),
  grantLabel: z.string().optional(),
  serverName: z.string().optional(),
  timeMs: z.number().optional(),
  time: z.iso.datetime({ offset: true }).optional(),
  labels: z.array(z.string()).optional(),
  used: z.record(z.string(), z.number().nonnegative()).optional(),
};

/** A call as people write it down: the question, the clock, and what its counters hold. */
export interface PolicyCall {
  readonly name?: string | undefined;
  readonly tool: string;
  /** `pinned` when absent. */
  readonly state?: 'pinned' | 'quarantined' | 'missing' | undefined;
  readonly category?: Category | undefined;
  readonly risk?: Risk | undefined;
  readonly inputSchema?: JsonValue | undefined;
  readonly arguments?: JsonValue | undefined;
  /** JSON as a client sends it, for numbers that a double does not carry. */
  readonly argumentsText?: string | undefined;
  readonly principal?: { readonly id: string; readonly kind: string } | undefined;
  readonly grantLabel?: string | undefined;
  readonly serverName?: string | undefined;
  /** Milliseconds since the Unix epoch; 0 when neither it nor `time` is given. */
  readonly timeMs?: number | undefined;
  /** ISO 8601. */
  readonly time?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  /** Counter -> units that its window already holds. */
  readonly used?: Readonly<Record<string, number>> | undefined;
}

/** A call with the answer that is wanted. */
export interface PolicyCase extends PolicyCall {
  /** `hold`: allowed once a person agrees; then `rule` is the one that asks. */
  readonly decision: 'allow' | 'hold' | 'deny';
  readonly rule: string;
  /** Each as `counter max/window/scope`. */
  readonly limits?: readonly string[] | undefined;
  readonly message?: string | null | undefined;
}

const callShape: z.ZodType<PolicyCall> = z.strictObject(callFields);
const caseFields = {
  ...callFields,
  decision: z.enum(['allow', 'hold', 'deny']),
  rule: z.string(),
  limits: z.array(z.string()).optional(),
  message: z.string().nullable().optional(),
};
const caseShape: z.ZodType<PolicyCase> = z.strictObject(caseFields);

/** A case and where it stands in its file. */
export interface PlacedCase {
  readonly line: number;
  readonly column: number;
  readonly one: PolicyCase;
}

/** Reads `<name>.cases.json`, strictly: a field that is not known would never be checked. */
export function readCases(text: string): Result<readonly PlacedCase[], readonly PolicyProblem[]> {
  const read = readShape(z.array(caseShape).min(1), text);
  if (!read.ok) {
    const isSyntax = !readJsonTree(text).ok;
    const said = (one: PolicyProblem): PolicyProblem => noCases(one, isSyntax);
    return err(read.error.map((one) => (one.pointer === '' ? said(one) : one)));
  }
  const { value, placeOf } = read.value;
  return ok(value.map((one, index) => ({ ...placeOf(`/${index}`), one })));
}

function noCases({ message, ...rest }: PolicyProblem, isSyntax: boolean): PolicyProblem {
  const wanted = 'a list of at least one case: a call, and the decision and rule that it must get';
  return {
    ...rest,
    message: isSyntax ? message : `expected ${wanted}`,
    hint: isSyntax ? wanted : null,
  };
}

/** Reads the one call of `policy explain`. */
export function readCall(text: string): Result<PolicyCall, readonly PolicyProblem[]> {
  const read = readShape(callShape, text);
  return read.ok ? ok(read.value.value) : read;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

function readShape<T>(
  shape: z.ZodType<T>,
  text: string,
): Result<{ value: T; placeOf: (pointer: string) => Place }, readonly PolicyProblem[]> {
  const tree = readJsonTree(text);
  if (!tree.ok) {
    const { offset, message } = tree.error;
    return err([{ pointer: '', ...placesOf(text)(offset), message, hint: null }]);
  }
  const places = placesOf(text);
  const placeOf = (pointer: string): Place => places(offsetOf(tree.value, pointer));
  const parsed = shape.safeParse(plainValue(tree.value));
  if (parsed.success) return ok({ value: parsed.data, placeOf });
  return err(
    parsed.error.issues.flatMap((issue) => {
      const pointer = issue.path.map((part) => `/${pointerToken(String(part))}`).join('');
      if (issue.code !== 'unrecognized_keys') {
        return [{ pointer, ...placeOf(pointer), message: inOurWords(issue.message), hint: null }];
      }
      return issue.keys.map((key) => {
        const at = `${pointer}/${pointerToken(key)}`;
        const near = nearest(key, Object.keys(caseFields));
        const hint = near === null ? null : `did you mean \`${near}\`?`;
        return { pointer: at, ...placeOf(at), message: `unknown key \`${key}\``, hint };
      });
    }),
  );
}

/** The schema library's sentence about a value, as the parser of policies would put it. */
function inOurWords(message: string): string {
  return message
    .replace(/^Invalid (input|option): /, '')
    .replace(/, received undefined$/, ', found nothing')
    .replace(/, received (\w+)$/, ', found $1');
}

/** What the gateway would answer, limits looked at. */
export interface CaseAnswer {
  readonly decision: 'allow' | 'hold' | 'deny';
  /** The rule that allows, that asks, or that refuses. */
  readonly rule: string;
  readonly message: string | null;
  /** Each limit that the call takes from, as `counter max/window/scope`. */
  readonly limits: readonly string[];
  readonly engine: Decision;
}

/** Puts one call to a policy; the facts of a tool that the call leaves open are the list's. */
export function answerCall(
  policy: CompiledPolicy,
  call: PolicyCall,
  tools: readonly PinnedTool[] | null,
): CaseAnswer {
  const engine = decide({ policy, guardrails: [] }, requestOf(call, tools));
  if (engine.effect === 'deny') {
    const { rule, message } = engine;
    return { decision: 'deny', rule, message, limits: [], engine };
  }
  const spent = spentLimit(engine, call.used ?? {});
  if (spent !== null) {
    return { decision: 'deny', rule: spent.rule, message: spent.onDeny, limits: [], engine };
  }
  const limits = engine.obligations.limits.map(limitText);
  const [approval] = engine.obligations.approvals;
  if (approval === undefined) {
    return { decision: 'allow', rule: engine.rule, message: null, limits, engine };
  }
  const { rule, reason } = approval;
  return { decision: 'hold', rule, message: reason, limits, engine };
}

/** What of a case is not as it is wanted, in words; none when all is. */
export function differences(wanted: PolicyCase, got: CaseAnswer): readonly string[] {
  const found: string[] = [];
  if (wanted.decision !== got.decision || wanted.rule !== got.rule) {
    found.push(
      `wanted ${wanted.decision} by \`${wanted.rule}\`, got ${got.decision} by \`${got.rule}\``,
    );
    return found;
  }
  if (wanted.limits !== undefined && wanted.limits.join('\n') !== got.limits.join('\n')) {
    found.push(`wanted the limits ${list(wanted.limits)}, got ${list(got.limits)}`);
  }
  if (wanted.message !== undefined && wanted.message !== got.message) {
    found.push(`wanted the message \`${wanted.message}\`, got \`${got.message}\``);
  }
  return found;
}

function list(texts: readonly string[]): string {
  return texts.length === 0 ? '(none)' : texts.map((text) => `\`${text}\``).join(', ');
}

/** The question of a call. What it leaves open is an unclassified tool of high risk, in 1970. */
export function requestOf(call: PolicyCall, tools: readonly PinnedTool[] | null): AccessRequest {
  const { time, timeMs } = call;
  return {
    principal: call.principal ?? { id: 'agent:test', kind: 'agent' },
    grantLabel: call.grantLabel ?? 'test',
    serverName: call.serverName ?? 'test',
    toolName: call.tool,
    tool: toolOf(call, tools),
    arguments: argumentsOf(call),
    timeMs: timeMs ?? (time === undefined ? 0 : Date.parse(time)),
    labels: call.labels ?? [],
  };
}

function toolOf(call: PolicyCall, tools: readonly PinnedTool[] | null): PinnedTool | null {
  const { state = 'pinned' } = call;
  if (state === 'missing') return null;
  const known = tools?.find((tool) => tool.name === call.tool);
  return {
    name: call.tool,
    state,
    category: call.category ?? known?.category ?? 'Unclassified',
    risk: call.risk ?? known?.risk ?? 'High',
    inputSchema: call.inputSchema ?? known?.inputSchema ?? null,
    digest: known?.digest ?? '0'.repeat(64),
  };
}

const limits = { bytesMax: 1_048_576, depthMax: 64, valuesMax: 100_000, stringMax: 1_048_576 };

/** `argumentsText` is read as the gateway reads: a number that a double does not carry is NaN. */
function argumentsOf({ arguments: args, argumentsText }: PolicyCall): JsonValue | undefined {
  if (argumentsText === undefined) return args;
  const scan = scanJson(new TextEncoder().encode(argumentsText), limits);
  // Text that the strict scan refuses never becomes an object of arguments.
  return scan.ok ? parseScanned(scan.value) : 'unreadable';
}

/** The first limit that the units used already leave no room in. */
function spentLimit(
  { obligations }: Allow,
  used: Readonly<Record<string, number>>,
): LimitObligation | null {
  for (const limit of obligations.limits) {
    const alike = obligations.limits.filter((other) => sameCounter(limit, other));
    const units = Math.max(...alike.map((other) => other.units));
    const taken = Object.hasOwn(used, limit.counter) ? (used[limit.counter] ?? 0) : 0;
    if (limit.max === 0 || taken + units > limit.max) return limit;
  }
  return null;
}

function sameCounter(a: LimitObligation, b: LimitObligation): boolean {
  const inFlight = a.windowMs === null;
  return a.counter === b.counter && a.scope === b.scope && inFlight === (b.windowMs === null);
}

const windowNames: ReadonlyMap<number, string> = new Map([
  [60_000, 'minute'],
  [3_600_000, 'hour'],
  [86_400_000, 'day'],
  [2_678_400_000, 'month'],
]);

/** `counter max/window/scope`, the window a name or milliseconds. */
function limitText({ counter, max, windowMs, scope }: LimitObligation): string {
  const window = windowMs === null ? 'in-flight' : (windowNames.get(windowMs) ?? windowMs);
  return `${counter} ${max}/${String(window)}/${scope}`;
}
