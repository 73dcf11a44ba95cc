import { mergedJson } from '../base/json-merge.ts';
import type { JsonObject } from '../base/strict-json.ts';
import {
  compilePolicy,
  decide,
  parsePolicy,
  type AccessRequest,
  type CompiledPolicy,
  type Decision,
  type PinnedTool,
} from '../policy/index.ts';
import type { Attack } from './attack.ts';
import { objectOf } from './json.ts';
import { abuses, carriesText, plain, type Try } from './tries.ts';

/** What a policy does with an attack, from the best to the worst; `none` when no tool fits it. */
export type Verdict = 'gateway' | 'none' | 'stopped' | 'held' | 'limited' | 'through';

/** A hostile use of a tool that the policy lets through, and how to close it. */
export interface Gap {
  readonly tool: string;
  readonly what: string;
  /** A policy fragment: merged into the document it closes the gap; null where none was found. */
  readonly fix: JsonObject | null;
}

/** One attack's line. */
export interface CardLine {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  readonly verdict: Verdict;
  /** Rules that the verdict rests on, each once. */
  readonly rules: readonly string[];
  readonly gaps: readonly Gap[];
  /** Part of the harm is out of a gateway's reach whatever the policy. */
  readonly containOnly: boolean;
}

/** What a policy does with every attack of the database, on the tools given. */
export interface ReportCard {
  readonly lines: readonly CardLine[];
  readonly counts: Readonly<Record<Verdict, number>>;
  /** Tools that the policy permits at all; none of them means that it stops honest work too. */
  readonly permitted: number;
  readonly tools: number;
  /** The document with every fix merged into it. */
  readonly fixed: JsonObject;
}

/** The user's policy: its document and its compiled form. */
export interface Judged {
  readonly document: JsonObject;
  readonly policy: CompiledPolicy;
}

const strangers: PinnedTool = {
  name: 'search_best',
  state: 'pinned',
  category: 'Read',
  risk: 'Low',
  inputSchema: { type: 'object', properties: { query: { type: 'string' } } },
  digest: '0'.repeat(64),
};

/**
 * Tries every attack on a policy and a list of tools. Decisions alone are made, by the engine that
 * makes them in the gateway: nothing is sent anywhere.
 */
export function reportCard(
  attacks: readonly Attack[],
  judged: Judged,
  tools: readonly PinnedTool[],
): ReportCard {
  const lines = attacks.map((attack) => lineOf(attack, judged, tools));
  const counts = { gateway: 0, none: 0, stopped: 0, held: 0, limited: 0, through: 0 };
  for (const { verdict } of lines) counts[verdict] += 1;
  let fixed = judged.document;
  for (const { gaps } of lines) {
    for (const { fix } of gaps) if (fix !== null) fixed = mergedJson(fixed, fix);
  }
  const permitted = tools.filter((tool) => isPermitted(judged, tool)).length;
  return { lines, counts, permitted, tools: tools.length, fixed };
}

function isPermitted(judged: Judged, tool: PinnedTool): boolean {
  const answer = asked(judged, tool, plain(tool, '', {}).arguments);
  return answer.effect === 'allow' || !/^\(|\/action$/.test(answer.rule);
}

interface Tried {
  readonly verdict: Verdict;
  readonly rule: string;
  readonly gap: Gap | null;
}

function lineOf(attack: Attack, judged: Judged, tools: readonly PinnedTool[]): CardLine {
  const { id, title, outcome } = attack.facts;
  const tried = attack.facts.abuses.flatMap((name) => tryAbuse(name, judged, tools));
  const worst = order.findLast((verdict) => tried.some((one) => one.verdict === verdict));
  const byGateway = attack.facts.abuses.every((name) => name === 'changed-definition');
  return {
    id,
    slug: attack.slug,
    title,
    verdict: byGateway ? 'gateway' : (worst ?? 'none'),
    rules: [...new Set(tried.flatMap((one) => (one.verdict === worst ? one.rule : [])))],
    gaps: tried.flatMap(({ gap }) => gap ?? []),
    containOnly: outcome === 'contain',
  };
}

const order: readonly Verdict[] = ['stopped', 'held', 'limited', 'through'];

function tryAbuse(name: string, judged: Judged, tools: readonly PinnedTool[]): readonly Tried[] {
  if (name === 'changed-definition') return [];
  if (name === 'unlisted-tool') return [unlisted(judged, tools)];
  if (name === 'untrusted-then-send') return flows(judged, tools);
  const abuse = abuses[name];
  if (abuse === undefined) return [];
  return tools.flatMap((tool) => abuse(tool).map((one) => tryOne(judged, tool, one)));
}

function tryOne(judged: Judged, tool: PinnedTool, one: Try): Tried {
  const { verdict, rule } = verdictOf(asked(judged, tool, one.arguments), one.times);
  if (verdict !== 'through') return { verdict, rule, gap: null };
  const fix = { tools: { [tool.name]: { ...ruleOf(judged.document, tool), ...one.fix } } };
  const closes = closesWith(judged, fix, (better) => {
    const again = verdictOf(asked(better, tool, one.arguments), one.times);
    return again.verdict !== 'through';
  });
  const shown = { tools: { [tool.name]: one.fix } };
  const carried = Object.keys(ruleOf(judged.document, tool)).length > 0 ? fix : shown;
  return { verdict, rule, gap: { tool: tool.name, what: one.what, fix: closes ? carried : null } };
}

/** What a category's rule says of a tool goes with it into a rule of the tool's own. */
function ruleOf(document: JsonObject, tool: PinnedTool): JsonObject {
  if (Object.hasOwn(objectOf(document, 'tools'), tool.name)) return {};
  return objectOf(objectOf(document, 'categories'), tool.category);
}

/** A tool that nobody has named: what a server adds, or a stranger offers. */
function unlisted(judged: Judged, tools: readonly PinnedTool[]): Tried {
  const tool = { ...strangers, name: fresh(judged, tools) };
  const { verdict, rule } = verdictOf(asked(judged, tool, { query: 'x' }), 1);
  if (verdict === 'through') {
    const fix = { default: 'deny' };
    const closes = closesWith(judged, fix, (better) => asked(better, tool, {}).effect === 'deny');
    const what = 'a tool that nobody has named is permitted';
    return { verdict, rule, gap: { tool: '(any other tool)', what, fix: closes ? fix : null } };
  }
  return { verdict, rule, gap: null };
}

function fresh({ document }: Judged, tools: readonly PinnedTool[]): string {
  const known = new Set([...Object.keys(objectOf(document, 'tools')), ...tools.map((t) => t.name)]);
  let name = strangers.name;
  while (known.has(name)) name = `${name}_`;
  return name;
}

/** Reads that bring in other people's text or secrets, followed by what carries text out. */
function flows(judged: Judged, tools: readonly PinnedTool[]): readonly Tried[] {
  const readers = tools.filter(({ category }) => category === 'Read');
  const senders = tools.filter((tool) => carriesText(tool));
  const read = readers.map((reader) => ({
    reader,
    first: asked(judged, reader, plain(reader, '', {}).arguments),
  }));
  return senders.flatMap((sender) => {
    const sent = sending(judged, sender);
    const found = read.map(({ reader, first }) => ({ reader, ...sent(first) }));
    const open = found.filter(({ verdict }) => verdict === 'through').map(({ reader }) => reader);
    const [first] = found;
    if (first === undefined) return [];
    if (open.length > 0) return [openFlow(judged, open, sender)];
    return [{ verdict: first.verdict, rule: first.rule, gap: null }];
  });
}

/** What readers that the policy permits have read, and a tool that may then carry it out. */
function openFlow(judged: Judged, readers: readonly PinnedTool[], sender: PinnedTool): Tried {
  const { document } = judged;
  const changed = (tool: PinnedTool, labels: JsonObject): [string, JsonObject] => [
    tool.name,
    { ...ruleOf(document, tool), labels },
  ];
  const changes = [
    ...readers.map((reader) => changed(reader, { adds: ['untrusted'] })),
    changed(sender, { approved_by: ['untrusted'] }),
  ];
  const fix = { tools: Object.fromEntries(changes) };
  const args = plain(sender, '', {}).arguments;
  const closes = closesWith(judged, fix, (better) => {
    const again = verdictOf(asked(better, sender, args, ['untrusted']), 1);
    return again.verdict !== 'through';
  });
  const names = readers.slice(0, 3).map(({ name }) => `\`${name}\``);
  const more = readers.length > 3 ? ` and ${readers.length - 3} more` : '';
  const what = `what ${names.join(', ')}${more} read can be sent`;
  const gap = { tool: sender.name, what, fix: closes ? fix : null };
  return { verdict: 'through', rule: '', gap };
}

type Flowed = Pick<Tried, 'verdict' | 'rule'>;

/** What becomes of a sending after a reading. It depends on the labels that the reading left, no more. */
function sending(judged: Judged, sender: PinnedTool): (first: Decision) => Flowed {
  const args = plain(sender, '', {}).arguments;
  const known = new Map<string, Flowed>();
  return (first) => {
    if (first.effect === 'deny') return { verdict: 'stopped', rule: first.rule };
    const { labels } = first.obligations;
    const key = JSON.stringify(labels);
    const flowed = known.get(key) ?? verdictOf(asked(judged, sender, args, labels), 1);
    known.set(key, flowed);
    return flowed;
  };
}

function asked(
  { policy }: Judged,
  tool: PinnedTool,
  args: JsonObject,
  labels: readonly string[] = [],
): Decision {
  const request: AccessRequest = {
    principal: { id: 'agent:report-card', kind: 'agent' },
    grantLabel: 'report-card',
    serverName: 'server',
    toolName: tool.name,
    tool,
    arguments: args,
    timeMs: 0,
    labels,
  };
  return decide({ policy, guardrails: [] }, request);
}

function verdictOf(
  decision: Decision,
  times: number,
): { readonly verdict: Verdict; readonly rule: string } {
  if (decision.effect === 'deny') return { verdict: 'stopped', rule: decision.rule };
  const [approval] = decision.obligations.approvals;
  if (approval !== undefined) return { verdict: 'held', rule: approval.rule };
  const limit = decision.obligations.limits.find(
    ({ max, units, windowMs }) => windowMs !== null && times > 1 && units * times > max,
  );
  if (limit !== undefined) return { verdict: 'limited', rule: limit.rule };
  return { verdict: 'through', rule: decision.rule };
}

/** Whether the policy, with a fragment merged into it, loads and passes a check. */
function closesWith(
  { document }: Judged,
  fix: JsonObject,
  closes: (better: Judged) => boolean,
): boolean {
  // Where the document is not given, nothing is merged into it that would load.
  if (Object.keys(document).length === 0) return false;
  const better = mergedJson(document, fix);
  const parsed = parsePolicy(JSON.stringify(better));
  const policy = parsed.ok ? compilePolicy(parsed.value) : parsed;
  return policy.ok && closes({ document: better, policy: policy.value });
}
