import * as z from 'zod';

import type { JsonObject } from '../base/strict-json.ts';

/** What becomes of the attack under the recommended policy. */
export const outcomes = ['block', 'hold', 'limit', 'detect', 'contain'] as const;
export type AttackOutcome = (typeof outcomes)[number];

/** Families that the pages and the list are grouped by. */
export const attackCategories = [
  'poisoned definitions',
  'poisoned content',
  'exfiltration',
  'injection into tools',
  'identity and sessions',
  'money and resources',
  'destruction',
  'supply chain',
  'trust of people',
] as const;
export type AttackCategory = (typeof attackCategories)[number];

export const evidenceGrades = ['incident', 'CVE', 'proof of concept', 'benchmark'] as const;

/** The facts of one attack: `attack.json`. */
export interface AttackFacts {
  /** `A01` to `A44`. */
  readonly id: string;
  readonly title: string;
  readonly category: AttackCategory;
  readonly evidence: readonly (typeof evidenceGrades)[number][];
  /** Who published it, when, under which number. */
  readonly sources: readonly string[];
  readonly owaspMcp: readonly string[];
  readonly owaspAgentic: readonly string[];
  readonly atlas: readonly string[];
  /** The controls that bear on it: `C1` to `C19`. */
  readonly controls: readonly string[];
  readonly outcome: AttackOutcome;
  /** One sentence: what happens. */
  readonly summary: string;
  /** Uses of tools that the attack needs: the report card tries them on the user's own tools. */
  readonly abuses: readonly string[];
  /** Numbers of the list of bad input that the entry proves as well. */
  readonly threats: readonly string[];
}

/** The controls that are switched off by a construction of the harness. */
const controlsOff = [
  'pins',
  'relay',
  'shared',
  'remembers',
  'methods',
  'launch',
  'registered',
] as const;
export type ControlOff = (typeof controlsOff)[number];

/** What of the gateway stops the attack, and how it is switched off for the second run. */
export type NamedControl =
  /** A rule of `policy.json`, by JSON Pointer: left out for the run that must show the harm. */
  | { readonly code: string; readonly rule: string }
  /**
   * A control that is no rule and has no switch. `pins`: a gateway that meets the server for the
   * first time at every look, with an operator who accepts whatever waits. `relay`: a relay that
   * passes everything on in the gateway's place; `shared`: one that shares a session among clients;
   * `remembers`: one that asks a person once for each tool and passes on what comes after.
   * `methods`: a grant that opens these families. `launch`: the operator's file names the loose
   * program. `registered`: the operator's file names the stranger's server as well.
   */
  | {
      readonly code: string;
      readonly off: ControlOff;
      readonly methods?: readonly string[] | undefined;
    };

/** A control in words. */
export function nameOf(control: NamedControl): string {
  if ('rule' in control) return `${control.code} ${control.rule}`;
  const names = {
    pins: 'reviewed definitions',
    relay: 'the gateway itself',
    shared: 'sessions of each grant',
    remembers: 'approvals of exact arguments',
    methods: 'closed methods',
    launch: 'the pinned program',
    registered: 'the list of servers',
  };
  return `${control.code} ${names[control.off]}`;
}

/** How an outcome is said. */
export const outcomeWords: Readonly<Record<AttackOutcome, string>> = {
  block: 'blocked',
  hold: 'held',
  limit: 'limited',
  detect: 'detected',
  contain: 'contained',
};

/** One server of a scenario. */
export interface ScenarioServer {
  /** The fixture's name: one of `servers/all.ts`. */
  readonly fixture: string;
  readonly options: JsonObject;
  /** Over stdio as a child of the gateway; else over HTTP. */
  readonly stdio: boolean;
  /** Options of the program that runs where nobody pinned which one it is. */
  readonly loose: JsonObject | null;
  /** Whether the operator's file names it. */
  readonly registered: boolean;
  /** Headers that the operator's file sends to it. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One or more calls of `server.tool`. */
export interface CallStep {
  readonly call: string;
  readonly arguments?: JsonObject | undefined;
  readonly as?: string | undefined;
  readonly times?: number | undefined;
  /** The answer is kept under this name, for `{{name}}` in later arguments. */
  readonly keep?: string | undefined;
}

/** One step of the scripted agent, or of the world around it. */
export type Step =
  | { readonly list: string; readonly as?: string | undefined }
  | CallStep
  /** Follows the instructions that stand in what the agent has read. */
  | { readonly obey: true; readonly as?: string | undefined }
  | { readonly read: string; readonly uri: string; readonly as?: string | undefined }
  | { readonly prompt: string; readonly name: string; readonly as?: string | undefined }
  /** Shows the last answer to the user, pictures and all. */
  | { readonly show: true; readonly as?: string | undefined }
  /** A person allows the calls that wait and hold this text. */
  | { readonly approve: string }
  /** Time passes: servers that wait for it turn. */
  | { readonly later: true }
  /** Uses a session that another agent opened. */
  | { readonly steal: string; readonly from: string; readonly as: string; readonly tool: string }
  /** Many clients at once, all with the same request id. */
  | { readonly crowd: number; readonly tool: string }
  /** A careless client follows the OAuth metadata that it is given. */
  | { readonly authorize: string }
  /** Plain HTTP at the gateway's port, or at the server's own where there is no gateway. */
  | {
      readonly http: string;
      readonly path: string;
      readonly method?: string | undefined;
      readonly headers?: Readonly<Record<string, string>> | undefined;
      readonly body?: JsonObject | undefined;
      readonly operator?: boolean | undefined;
      /** Past the gateway, whatever stands before the server. */
      readonly outside?: boolean | undefined;
      /** The status that shows that it worked; without one, any below 400. */
      readonly status?: number | undefined;
    };

/** What shows that something happened. */
export type Sign =
  /** A server's ledger holds an entry of this kind, at least so often. */
  | {
      readonly server: string;
      readonly did: string;
      readonly containing?: string | undefined;
      readonly times?: number | undefined;
    }
  /** An agent read, or a user was shown, a text. */
  | { readonly agent: string; readonly read: string; readonly shown?: boolean | undefined }
  /** A command left a file in the sandbox. */
  | { readonly file: string }
  /** A crowd's answers went to the wrong clients. */
  | { readonly mixed: true };

/** A scenario: `scenario.json`. */
export interface Scenario {
  readonly servers: Readonly<Record<string, ScenarioServer>>;
  readonly control: NamedControl;
  /** Families of methods that the grant opens; the gateway's own default when absent. */
  readonly methods?: readonly string[] | undefined;
  /** How the attack is made without the gateway: directly, or past a host that shares sessions. */
  readonly direct: 'direct' | 'shared';
  readonly attack: readonly Step[];
  /** All of these show that the harm was done. */
  readonly harm: readonly Sign[];
  /** What is still done under the recommended policy: shown, not hidden. */
  readonly remains: readonly Sign[];
  readonly benign: readonly Step[];
  /** All of these show that the honest work was done. */
  readonly works: readonly Sign[];
}

/** One entry of the database. */
export interface Attack {
  /** The folder's name. */
  readonly slug: string;
  readonly facts: AttackFacts;
  readonly scenario: Scenario;
  readonly policy: JsonObject;
  /** The text of `README.md`. */
  readonly text: string;
}

const json = z.record(z.string(), z.json());
const texts = z.array(z.string());
const as = z.string().optional();

export const factsSchema: z.ZodType<AttackFacts> = z.strictObject({
  id: z.string().regex(/^A\d\d$/),
  title: z.string().min(1),
  category: z.enum(attackCategories),
  evidence: z.array(z.enum(evidenceGrades)).min(1),
  sources: texts.min(1),
  owaspMcp: z.array(z.string().regex(/^MCP\d\d$/)),
  owaspAgentic: z.array(z.string().regex(/^ASI\d\d$/)),
  atlas: texts,
  controls: z.array(z.string().regex(/^C\d+$/)).min(1),
  outcome: z.enum(outcomes),
  summary: z.string().min(1),
  abuses: texts,
  threats: z.array(z.string().regex(/^B-\d\d[0-9A-C]$/)).default([]),
});

const step: z.ZodType<Step> = z.union([
  z.strictObject({ list: z.string(), as }),
  z.strictObject({
    call: z.string(),
    arguments: json.optional(),
    as,
    times: z.int().min(1).max(1_000).optional(),
    keep: z.string().optional(),
  }),
  z.strictObject({ obey: z.literal(true), as }),
  z.strictObject({ read: z.string(), uri: z.string(), as }),
  z.strictObject({ prompt: z.string(), name: z.string(), as }),
  z.strictObject({ show: z.literal(true), as }),
  z.strictObject({ approve: z.string() }),
  z.strictObject({ later: z.literal(true) }),
  z.strictObject({ steal: z.string(), from: z.string(), as: z.string(), tool: z.string() }),
  z.strictObject({ crowd: z.int().min(2).max(500), tool: z.string() }),
  z.strictObject({ authorize: z.string() }),
  z.strictObject({
    http: z.string(),
    path: z.string(),
    method: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    body: json.optional(),
    operator: z.boolean().optional(),
    outside: z.boolean().optional(),
    status: z.int().optional(),
  }),
]);

const sign: z.ZodType<Sign> = z.union([
  z.strictObject({
    server: z.string(),
    did: z.string(),
    containing: z.string().optional(),
    times: z.int().min(1).optional(),
  }),
  z.strictObject({ agent: z.string(), read: z.string(), shown: z.boolean().optional() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ mixed: z.literal(true) }),
]);

const control: z.ZodType<NamedControl> = z.union([
  z.strictObject({ code: z.string(), rule: z.string().startsWith('/') }),
  z.strictObject({
    code: z.string(),
    off: z.enum(controlsOff),
    methods: texts.optional(),
  }),
]);

export const scenarioSchema: z.ZodType<Scenario> = z.strictObject({
  servers: z.record(
    z.string().regex(/^[a-z0-9-]+$/),
    z.strictObject({
      fixture: z.string(),
      options: json.default({}),
      stdio: z.boolean().default(false),
      loose: json.nullable().default(null),
      registered: z.boolean().default(true),
      headers: z.record(z.string(), z.string()).default({}),
    }),
  ),
  control,
  methods: texts.optional(),
  direct: z.enum(['direct', 'shared']).default('direct'),
  attack: z.array(step).min(1),
  harm: z.array(sign).min(1),
  remains: z.array(sign).default([]),
  benign: z.array(step).min(1),
  works: z.array(sign).min(1),
});
