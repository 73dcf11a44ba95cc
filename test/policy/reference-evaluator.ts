// A second reading of the policy language, as plain as it can be: no preparation, no sharing with
// the engine but types, the document walked anew for each call. It is slow and that is its point.
// Operators with a parser of their own (paths, URLs, addresses, SQL, patterns, schemas) are read
// here for the harmless values that the generator makes; hostile ones have their own tests.
import type { JsonValue } from '../../src/base/strict-json.ts';
import type * as Policy from '../../src/policy/index.ts';
import { isBag, judge, strings, type, unsafeInside, wrongParent } from './reference-operators.ts';
import type { Bag, Leaf, Truth } from './reference-operators.ts';

export interface Documents {
  readonly policy: Doc | null;
  readonly guardrails: Readonly<Record<string, Doc>>;
}

type Doc = Policy.PolicyDocument;
type Ask = Policy.AccessRequest;
type Approval = Policy.ApprovalObligation;
type Take = Policy.LimitObligation;
type Call = { readonly ask: Ask; readonly args: Bag };

export function evaluate(documents: Documents, ask: Ask): Policy.Decision {
  if (documents.policy === null) return deny('no-policy', '(no policy)');
  if (ask.tool === null) return deny('unknown', '(unknown)');
  if (ask.tool.name !== ask.toolName) return deny('unknown', '(unknown)');
  if (ask.tool.state === 'quarantined') return deny('unpinned', '(unpinned)');
  const names = Object.keys(documents.guardrails).sort();
  const all: { prefix: string; guardrail: string | null; document: Doc }[] = [];
  for (const name of names) {
    const document = documents.guardrails[name];
    if (document) all.push({ prefix: `guardrail:${name}#`, guardrail: name, document });
  }
  all.push({ prefix: '', guardrail: null, document: documents.policy });
  for (const { prefix, document } of all) {
    if (hidden(document, ask)) return deny('hidden', `${prefix}(hidden)`);
  }
  const approvals: Approval[] = [];
  const limits: Take[] = [];
  const labels: string[] = [];
  let rule = '';
  for (const { prefix, guardrail, document } of all) {
    const answer = one(document, ask);
    if (answer.effect === 'deny') return { ...answer, rule: prefix + answer.rule };
    rule = prefix + answer.rule;
    for (const a of answer.obligations.approvals) approvals.push({ ...a, rule: prefix + a.rule });
    for (const l of answer.obligations.limits) {
      limits.push({ ...l, rule: prefix + l.rule, guardrail });
    }
    for (const l of answer.obligations.labels) if (!labels.includes(l)) labels.push(l);
  }
  return { effect: 'allow', rule, obligations: { approvals, limits, labels } };
}

function find(document: Doc, ask: Ask): { rule: Policy.Rule; id: string } | null {
  const tools = document.tools ?? {};
  const name = ask.toolName;
  const own = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (own) return { rule: own, id: `/tools/${escape(name)}` };
  const category = ask.tool ? document.categories?.[ask.tool.category] : undefined;
  if (category) return { rule: category, id: `/categories/${ask.tool?.category}` };
  return document.default === 'allow' ? { rule: {}, id: '/default' } : null;
}

function hidden(document: Doc, ask: Ask): boolean {
  const hide = document.hide ?? [];
  if (hide.includes('*') || hide.includes(ask.toolName)) return true;
  const found = find(document, ask);
  if (found?.rule.action === 'hide') return true;
  if (document.hide_denied !== true) return false;
  if (found === null || found.rule.action === 'deny') return true;
  const { rule } = found;
  const about = (predicate: Policy.Predicate): boolean =>
    conditions(predicate).every((condition) => condition.path.startsWith('tool.'));
  for (const { require, deny_if, limits } of [document.all_tools ?? {}, rule]) {
    if (require?.some((p) => about(p) && truth(p, { ask, args: {} }, true) !== 'yes')) return true;
    if (deny_if?.some((p) => about(p) && truth(p, { ask, args: {} }, false) !== 'no')) return true;
    for (const limit of limits ?? []) {
      const cost = limit.cost ?? limit.increment_from ?? 1;
      if (typeof cost === 'number' && cost > maxOf(limit)) return true;
    }
  }
  if (rule.rate_limit && rule.rate_limit.max < 1) return true;
  return enforced(document, rule) && !isBag(ask.tool?.inputSchema);
}

function one(document: Doc, ask: Ask): Policy.Allow | Policy.Deny {
  const found = find(document, ask);
  if (found === null) return deny('default-deny', '(default deny)');
  const { rule, id } = found;
  if (rule.action === 'deny') return deny('action-deny', `${id}/action`, rule.reason);
  const args = ask.arguments ?? {};
  if (!isBag(args)) return deny('invalid-arguments', '(invalid arguments)');
  const call = { ask, args };
  const common = document.all_tools ?? {};
  const lists = [common.require, rule.require, common.deny_if, rule.deny_if, rule.approve_if];
  const paths = lists.flatMap((list) => (list ?? []).flatMap(conditions)).map((c) => c.path);
  const limits = [...(common.limits ?? []), ...(rule.limits ?? [])];
  for (const l of limits) paths.push(String(l.cost ?? l.increment_from ?? ''));
  for (const key of schemaKeys(rule.arguments)) paths.push(`args.${key}`);
  if (paths.some((path) => path.startsWith('args') && twin(args, steps(path)))) {
    return deny('ambiguous-key', '(ambiguous key)');
  }
  if (enforced(document, rule)) {
    const schema = ask.tool?.inputSchema;
    if (!isBag(schema)) return deny('schema', '(schema)');
    const place = rule.input_schema === 'enforce' ? `${id}/input_schema` : '/input_schema';
    if (!satisfies(schema, args)) return deny('schema', place);
  }
  if (rule.arguments !== undefined && !satisfies(rule.arguments, args)) {
    return deny('arguments', `${id}/arguments`);
  }
  for (const field of ['require', 'deny_if'] as const) {
    for (const [base, from] of [
      ['/all_tools', common],
      [id, rule],
    ] as const) {
      for (const [index, predicate] of (from[field] ?? []).entries()) {
        const wanted = field === 'require' ? 'yes' : 'no';
        if (truth(predicate, call, field === 'require') === wanted) continue;
        const code = field === 'require' ? 'require' : 'deny-if';
        return deny(code, `${base}/${field}/${label(predicate, index)}`, predicate.on_deny);
      }
    }
  }
  const blocking = rule.labels?.blocked_by?.find((each) => ask.labels.includes(each));
  if (blocking !== undefined) return deny('label', `${id}/labels/blocked_by/${escape(blocking)}`);
  const approvals = asked(rule, id, call);
  const taken: Take[] = [];
  for (const limit of limits) {
    const base = common.limits?.includes(limit) ? '/all_tools' : id;
    const obligation = limited(limit, base, call);
    if (obligation === null) return deny('limit-cost', `${base}/limits/${escape(limit.counter)}`);
    taken.push(obligation);
  }
  if (rule.rate_limit) {
    const counter = `${ask.toolName}_rate`;
    const limit: Policy.Limit = { counter, ...rule.rate_limit, scope: 'session' };
    const obligation = limited(limit, id, call);
    if (obligation !== null) taken.push(obligation);
  }
  const labels = [...new Set(rule.labels?.adds ?? [])];
  return { effect: 'allow', rule: id, obligations: { approvals, limits: taken, labels } };
}

function asked(rule: Policy.Rule, id: string, call: Call): Approval[] {
  const reasons: { rule: string; reason: string | null }[] = [];
  if (rule.action === 'require_approval') {
    reasons.push({ rule: `${id}/action`, reason: rule.reason || null });
  }
  for (const [index, p] of (rule.approve_if ?? []).entries()) {
    if (truth(p, call, false) === 'no') continue;
    reasons.push({ rule: `${id}/approve_if/${label(p, index)}`, reason: p.on_deny || null });
  }
  for (const each of rule.labels?.approved_by ?? []) {
    if (!call.ask.labels.includes(each)) continue;
    reasons.push({ rule: `${id}/labels/approved_by/${escape(each)}`, reason: null });
  }
  const timeout = rule.approval?.timeout ?? '10m';
  const unit = timeout.endsWith('s') ? 1000 : timeout.endsWith('m') ? 60_000 : 3_600_000;
  const approvers = [rule.approval?.approvers ?? []].flat();
  const quorum = rule.approval?.quorum ?? 1;
  return reasons
    .slice(0, 1)
    .map((why) => ({ ...why, timeoutMs: parseInt(timeout, 10) * unit, approvers, quorum }));
}

function limited(limit: Policy.Limit, base: string, call: Call): Take | null {
  const cost = limit.cost ?? limit.increment_from ?? 1;
  const read = typeof cost === 'number' ? cost : leaves(call, cost)[0];
  if (typeof read !== 'number' || !(read >= 0 && read <= Number.MAX_SAFE_INTEGER)) return null;
  const named = { minute: 60, hour: 3600, day: 86_400, month: 31 * 86_400 };
  const { window } = limit;
  const seconds = typeof window === 'string' ? named[window] : window;
  return {
    rule: `${base}/limits/${escape(limit.counter)}`,
    counter: limit.counter,
    scope: limit.scope,
    guardrail: null,
    windowMs: seconds === undefined ? null : seconds * 1000,
    align: limit.align && typeof window === 'string' ? window : 'sliding',
    max: maxOf(limit),
    units: read,
    onDeny: limit.on_deny || null,
  };
}

function maxOf(limit: Policy.Limit): number {
  return typeof limit.concurrent === 'number' ? limit.concurrent : (limit.max ?? 0);
}

function enforced(document: Doc, rule: Policy.Rule): boolean {
  return (rule.input_schema ?? document.input_schema) === 'enforce';
}

function truth(predicate: Policy.Predicate, call: Call, every: boolean): Truth {
  const truths = conditions(predicate).map((condition) => {
    const each = leaves(call, condition.path).map((leaf) => judge(condition, leaf));
    if (each.includes('unsure')) return 'unsure';
    return (every ? !each.includes('no') : each.includes('yes')) ? 'yes' : 'no';
  });
  if (truths.includes('no')) return 'no';
  return truths.includes('unsure') ? 'unsure' : 'yes';
}

function leaves({ ask, args }: Call, path: string): Leaf[] {
  const at = new Date(ask.timeMs);
  const roots: Record<string, JsonValue | undefined> = {
    'principal.id': ask.principal.id,
    'principal.kind': ask.principal.kind,
    'grant.label': ask.grantLabel,
    'server.name': ask.serverName,
    'tool.name': ask.toolName,
    'tool.category': ask.tool?.category,
    'tool.risk': ask.tool?.risk,
    'time.hour': at.getUTCHours(),
    'time.weekday': at.getUTCDay() || 7,
  };
  if (path in roots) return [roots[path]];
  let found: Leaf[] = [path.startsWith('args') ? args : ask.labels];
  for (const step of steps(path)) {
    found = found.flatMap((leaf): Leaf[] => {
      if (leaf === undefined || leaf === null) return [undefined];
      const parent = step.startsWith('.') ? isBag(leaf) : Array.isArray(leaf);
      if (!parent || leaf === wrongParent) return [wrongParent];
      const inside = leaf as Bag;
      if (step === '[*]') return Object.keys(inside).length ? Object.values(inside) : [undefined];
      const key = step.startsWith('.') ? step.slice(1) : step.slice(1, -1);
      return [Object.hasOwn(inside, key) ? inside[key] : undefined];
    });
  }
  return found;
}

/** `.name` (also for `["name"]`), `[0]` or `[*]`, one text for each step. */
function steps(path: string): string[] {
  const found = path
    .replace(/^(args|session\.labels)/, '')
    .matchAll(/\.[^.[]+|\["(.*?)"\]|\[.*?\]/g);
  return [...found].map((match) => (match[1] === undefined ? match[0] : `.${match[1]}`));
}

function twin(value: JsonValue | undefined, path: string[]): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return false;
  if (!step.startsWith('.')) {
    if (!Array.isArray(value)) return false;
    const chosen = step === '[*]' ? value : value.slice(Number(step.slice(1, -1))).slice(0, 1);
    return chosen.some((element: JsonValue) => twin(element, rest));
  }
  if (!isBag(value)) return false;
  const fold = (key: string): string => key.normalize('NFKC').toUpperCase().toLowerCase();
  const key = step.slice(1);
  if (Object.keys(value).some((each) => each !== key && fold(each) === fold(key))) return true;
  return Object.hasOwn(value, key) && twin(value[key], rest);
}

/** Schemas here have `required`, `properties` and `type` and nothing else. */
function satisfies(schema: JsonValue, args: Bag): boolean {
  if (unsafeInside(args)) return false;
  if (!isBag(schema)) return schema === true;
  if (strings(schema.required).some((key) => !Object.hasOwn(args, key))) return false;
  return Object.entries(isBag(schema.properties) ? schema.properties : {}).every(([key, inner]) => {
    if (!Object.hasOwn(args, key) || !isBag(inner)) return true;
    return inner.type === undefined || inner.type === type(args[key]);
  });
}

function schemaKeys(schema: JsonValue | undefined): string[] {
  if (!isBag(schema)) return [];
  const properties = isBag(schema.properties) ? Object.keys(schema.properties) : [];
  return [...properties, ...strings(schema.required)];
}

function deny(code: Policy.DenyCode, rule: string, message?: string): Policy.Deny {
  return { effect: 'deny', code, rule, message: message || null };
}

function conditions(predicate: Policy.Predicate): readonly Policy.Condition[] {
  return 'conditions' in predicate ? predicate.conditions : [predicate];
}

function label(predicate: Policy.Predicate, index: number): string {
  const [first] = conditions(predicate);
  return escape(predicate.id ?? (first ? `${first.path}-${first.op}` : `${index}`));
}

function escape(text: string): string {
  return text.replaceAll('~', '~0').replaceAll('/', '~1');
}
