import * as z from 'zod';

import { assert } from '../base/assert.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  compilePolicy,
  diffPolicies,
  explain,
  lintPolicy,
  parsePolicy,
  type CompiledPolicy,
  type Explanation,
  type PinnedTool,
  type PolicyDocument,
} from '../policy/index.ts';
import type { JsonValue } from '../base/strict-json.ts';
import type { ControlDeps } from './deps.ts';
import { grantsOf } from './grants.ts';
import { missing, type ControlProblem } from './problem.ts';
import { everyone } from './roles.ts';
import { route, type Route } from './route.ts';

const placed = z.object({
  pointer: z.string(),
  line: z.int(),
  column: z.int(),
  message: z.string(),
  hint: z.string().nullable(),
});

const documentText = z.string().max(1_048_576);
/** Whose tools the document speaks of; null where none are known. */
const ofServer = z.string().max(64).nullable().default(null);

const change = z.object({
  tool: z.string(),
  kind: z.string(),
  rule: z.string(),
  text: z.string(),
});

const simulatedCall = z.object({
  id: z.string(),
  seq: z.int(),
  time: z.int(),
  grant: z.string(),
  tool: z.string(),
  was: z.string(),
  wasRule: z.string(),
  becomes: z.string().nullable(),
  rules: z.array(z.string()),
});

const dayMs = 86_400_000;

/** What can be asked of a draft before it is saved. Nothing here changes anything. */
export const policyTrialRoutes: readonly Route[] = [
  route({
    id: 'checkPolicy',
    method: 'post',
    path: '/api/v1/policy-trials/check',
    summary: 'What is wrong with a document, and advice on it from the live tools of a server',
    may: everyone,
    input: z.strictObject({ document: documentText, server: ofServer }),
    output: z.object({
      ok: z.boolean(),
      problems: z.array(placed),
      warnings: z.array(z.object({ ...placed.shape, code: z.string() })),
    }),
    handle: (deps, { input }) => {
      const tools = toolsOf(deps, input.server);
      if (!tools.ok) return tools;
      const parsed = parsePolicy(input.document);
      if (!parsed.ok) return ok({ ok: false, problems: parsed.error, warnings: [] });
      const warnings = lintPolicy(parsed.value, tools.value ?? [], input.document);
      return ok({ ok: true, problems: [], warnings });
    },
  }),
  route({
    id: 'diffPolicy',
    method: 'post',
    path: '/api/v1/policy-trials/diff',
    summary: 'What a draft newly allows and newly refuses, beside the policy in force',
    may: everyone,
    input: z.strictObject({
      document: documentText,
      server: z.string().max(64),
      policy: z.string(),
    }),
    output: z.array(change),
    handle: (deps, { input }) => {
      const tools = toolsOf(deps, input.server);
      const after = load(input.document);
      if (!tools.ok) return tools;
      if (!after.ok) return after;
      const before =
        deps.registry.current().policies.get(input.policy)?.compiled ?? refusesEverything();
      return ok(diffPolicies(before, after.value, tools.value ?? []));
    },
  }),
  route({
    id: 'explainPolicy',
    method: 'post',
    path: '/api/v1/policy-trials/explain',
    summary: 'Why a call would get its answer from a draft, step by step',
    may: everyone,
    input: z.strictObject({
      document: documentText,
      server: z.string().max(64),
      tool: z.string().max(1_024),
      arguments: z.json().default({}),
      principal: z.string().max(256).default('agent:someone'),
      grant: z.string().max(64).default(''),
      labels: z.array(z.string().max(64)).max(64).default([]),
    }),
    output: z.object({
      effect: z.enum(['allow', 'deny']),
      rule: z.string(),
      message: z.string().nullable(),
      steps: z.array(
        z.object({
          document: z.string(),
          step: z.int(),
          rule: z.string(),
          outcome: z.enum(['passed', 'refused', 'asks', 'takes', 'labels']),
          text: z.string(),
        }),
      ),
    }),
    // `z.json()` lets JSON through and nothing else.
    handle: (deps, { input }) => explained(deps, input as Trial),
  }),
  route({
    id: 'simulatePolicy',
    method: 'post',
    path: '/api/v1/policy-trials/simulate',
    summary: 'What a draft would have done to the calls on record',
    may: everyone,
    input: z.strictObject({
      document: documentText,
      server: z.string().max(64),
      /** Only calls of grants that this policy is in force for; null for all. */
      policy: z.string().nullable().default(null),
      days: z.number().positive().max(366).default(7),
    }),
    output: z.object({
      calls: z.int(),
      unchanged: z.int(),
      changed: z.array(simulatedCall),
      cannotTell: z.array(simulatedCall),
      changedCount: z.int(),
      cannotTellCount: z.int(),
    }),
    handle: async (deps, { input }) => {
      const tools = toolsOf(deps, input.server);
      const draft = load(input.document);
      if (!tools.ok) return tools;
      if (!draft.ok) return draft;
      const grants = grantsOf(deps);
      const under = grants.filter((grant) => grant.policies[input.server] === input.policy);
      const done = await deps.simulate({
        policy: draft.value,
        server: input.server,
        tools: tools.value,
        labels: new Map(grants.map(({ id, label }) => [id, label])),
        grants: input.policy === null ? null : new Set(under.map(({ id }) => id)),
        sinceMs: deps.clock.nowMs() - input.days * dayMs,
      });
      return done.ok ? done : err({ code: 'conflict', message: done.error });
    },
  }),
];

interface Trial {
  readonly document: string;
  readonly server: string;
  readonly tool: string;
  readonly arguments: JsonValue;
  readonly principal: string;
  readonly grant: string;
  readonly labels: readonly string[];
}

/** The policy alone, as the builder's own trial does: guardrails are told in the log. */
function explained(deps: ControlDeps, trial: Trial): Result<Explained, ControlProblem> {
  const tools = toolsOf(deps, trial.server);
  const draft = load(trial.document);
  if (!tools.ok) return tools;
  if (!draft.ok) return draft;
  const set = { policy: draft.value, guardrails: [] };
  const { decision, steps } = explain(set, {
    principal: { id: trial.principal, kind: trial.principal.split(':', 1)[0] ?? '' },
    grantLabel: trial.grant,
    serverName: trial.server,
    toolName: trial.tool,
    tool: tools.value?.find(({ name }) => name === trial.tool) ?? null,
    arguments: trial.arguments,
    timeMs: deps.clock.nowMs(),
    labels: trial.labels,
  });
  const message = decision.effect === 'deny' ? decision.message : null;
  return ok({ effect: decision.effect, rule: decision.rule, message, steps });
}

interface Explained {
  readonly effect: 'allow' | 'deny';
  readonly rule: string;
  readonly message: string | null;
  readonly steps: Explanation['steps'];
}

function toolsOf(
  { registry }: ControlDeps,
  server: string | null,
): Result<readonly PinnedTool[] | null, ControlProblem> {
  if (server === null) return ok(null);
  const found = registry.current().servers.get(server);
  if (found === undefined) return missing('server', server);
  return ok(found.tools === null ? null : [...found.tools.values()]);
}

function load(document: string): Result<CompiledPolicy, ControlProblem> {
  const parsed = parsePolicy(document);
  const compiled = parsed.ok ? compilePolicy(parsed.value) : parsed;
  if (compiled.ok) return compiled;
  const [first] = compiled.error;
  const message = `the document does not load: ${first?.message ?? 'see its problems'}`;
  return err({ code: 'invalid', message, problems: compiled.error });
}

/** What stands for a policy that is not there yet. */
function refusesEverything(): CompiledPolicy {
  const document: PolicyDocument = { version: '1', default: 'deny' };
  const compiled = compilePolicy(document);
  assert(compiled.ok, 'the smallest document compiles');
  return compiled.value;
}
