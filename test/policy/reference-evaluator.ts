// A second reading of the policy language, as plain as it can be: no sharing with the engine but
// types, the document walked anew for each call. It is slow and that is its point.
// Operators with a parser of their own (paths, URLs, addresses, SQL, patterns, schemas) are read for
// the harmless values of the generator; hostile ones and too many have their own tests.
import type { JsonValue } from '../../src/base/strict-json.ts';
import type * as Policy from '../../src/policy/index.ts';

export interface Documents {
  readonly policy: Doc | null;
  readonly guardrails: Readonly<Record<string, Doc>>;
}

type Doc = Policy.PolicyDocument;
type Ask = Policy.AccessRequest;
type Bag = { readonly [key: string]: JsonValue };
type Call = { readonly ask: Ask; readonly args: Bag };
type Leaf = JsonValue | undefined | typeof wrongParent;
/** Null: cannot be told. */
type Truth = boolean | null;

const wrongParent: unique symbol = Symbol('a parent that is there but of the wrong kind');

export function evaluate({ policy, guardrails }: Documents, ask: Ask): Policy.Decision {
  if (policy === null) return deny('no-policy', '(no policy)');
  if (ask.tool?.name !== ask.toolName) return deny('unknown', '(unknown)');
  if (ask.tool.state === 'quarantined') return deny('unpinned', '(unpinned)');
  const above = Object.entries(guardrails).sort(([a], [b]) => (a < b ? -1 : 1));
  const all: [string | null, Doc][] = [...above, [null, policy]];
  const prefixOf = (name: string | null): string => (name === null ? '' : `guardrail:${name}#`);
  const hiding = all.find(([, document]) => hidden(document, ask));
  if (hiding) return deny('hidden', `${prefixOf(hiding[0])}(hidden)`);
  const approvals: Policy.ApprovalObligation[] = [];
  const limits: Policy.LimitObligation[] = [];
  const labels = new Set<string>();
  let rule = '';
  for (const [guardrail, document] of all) {
    const answer = one(document, ask);
    const prefix = prefixOf(guardrail);
    rule = prefix + answer.rule;
    if (answer.effect === 'deny') return { ...answer, rule };
    const { approvals: asks, limits: takes } = answer.obligations;
    approvals.push(...asks.map((each) => ({ ...each, rule: prefix + each.rule })));
    limits.push(...takes.map((each) => ({ ...each, guardrail, rule: prefix + each.rule })));
    for (const each of answer.obligations.labels) labels.add(each);
  }
  return { effect: 'allow', rule, obligations: { approvals, limits, labels: [...labels] } };
}

function deny(code: Policy.DenyCode, rule: string, message?: string): Policy.Deny {
  return { effect: 'deny', code, rule, message: message || null };
}

function find(document: Doc, ask: Ask): { rule: Policy.Rule; id: string } | null {
  const { toolName: name, tool } = ask;
  const own = Object.hasOwn(document.tools ?? {}, name) ? document.tools?.[name] : undefined;
  if (own) return { rule: own, id: `/tools/${escape(name)}` };
  const category = tool ? document.categories?.[tool.category] : undefined;
  if (category) return { rule: category, id: `/categories/${tool?.category}` };
  return document.default === 'allow' ? { rule: {}, id: '/default' } : null;
}

function hidden(document: Doc, ask: Ask): boolean {
  if (document.hide?.some((name) => name === '*' || name === ask.toolName)) return true;
  const found = find(document, ask);
  if (found?.rule.action === 'hide') return true;
  if (document.hide_denied !== true) return false;
  if (found === null || found.rule.action === 'deny') return true;
  const fails = (p: Policy.Predicate, wanted: boolean): boolean =>
    conditions(p).every(({ path }) => path.startsWith('tool.')) &&
    truth(p, { ask, args: {} }, wanted) !== wanted;
  for (const { require, deny_if, limits } of [document.all_tools ?? {}, found.rule]) {
    if (require?.some((p) => fails(p, true)) || deny_if?.some((p) => fails(p, false))) return true;
    if (limits?.some((l) => maxOf(l) === 0 || Number(costOf(l)) > maxOf(l))) return true;
  }
  if (found.rule.rate_limit?.max === 0) return true;
  return enforced(document, found.rule) && !isBag(ask.tool?.inputSchema);
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
  paths.push(...limits.map((limit) => String(costOf(limit))));
  paths.push(...schemaKeys(rule.arguments).map((key) => `args.${key}`));
  const twins = paths.some((path) => path.startsWith('args') && twin(args, steps(path)));
  if (twins) return deny('ambiguous-key', '(ambiguous key)');
  if (enforced(document, rule)) {
    const schema = ask.tool?.inputSchema;
    if (!isBag(schema)) return deny('schema', '(schema)');
    const place = rule.input_schema === 'enforce' ? `${id}/input_schema` : '/input_schema';
    if (!satisfies(schema, args)) return deny('schema', place);
  }
  const fits = rule.arguments === undefined || satisfies(rule.arguments, args);
  if (!fits) return deny('arguments', `${id}/arguments`);
  for (const field of ['require', 'deny_if'] as const) {
    const both = [...(common[field] ?? []), ...(rule[field] ?? [])];
    for (const [index, p] of both.entries()) {
      if (truth(p, call, field === 'require') === (field === 'require')) continue;
      const own = index - (common[field]?.length ?? 0);
      const place = `${own < 0 ? '/all_tools' : id}/${field}/${label(p, own < 0 ? index : own)}`;
      return deny(field === 'require' ? field : 'deny-if', place, p.on_deny);
    }
  }
  const blocking = rule.labels?.blocked_by?.find((each) => ask.labels.includes(each));
  if (blocking !== undefined) return deny('label', `${id}/labels/blocked_by/${escape(blocking)}`);
  const short = { counter: `${ask.toolName}_rate`, scope: 'session' } as const;
  if (rule.rate_limit) limits.push({ ...rule.rate_limit, ...short });
  const taken: Policy.LimitObligation[] = [];
  for (const limit of limits) {
    const base = common.limits?.includes(limit) ? '/all_tools' : id;
    const place = `${base}/limits/${escape(limit.counter)}`;
    const cost = costOf(limit);
    const units = typeof cost === 'number' ? cost : leaves(call, cost)[0];
    if (typeof units !== 'number' || !isSafe(units) || units < 0) return deny('limit-cost', place);
    taken.push(limited(limit, place, units));
  }
  const labels = [...new Set(rule.labels?.adds)];
  const approvals = asked(rule, id, call);
  return { effect: 'allow', rule: id, obligations: { approvals, limits: taken, labels } };
}

function asked(from: Policy.Rule, id: string, call: Call): Policy.ApprovalObligation[] {
  const reasons: [string, string | undefined][] = [];
  if (from.action === 'require_approval') reasons.push([`${id}/action`, from.reason]);
  for (const [index, p] of (from.approve_if ?? []).entries()) {
    const place = `${id}/approve_if/${label(p, index)}`;
    if (truth(p, call, false) !== false) reasons.push([place, p.on_deny]);
  }
  const asking = from.labels?.approved_by?.find((each) => call.ask.labels.includes(each));
  if (asking !== undefined) reasons.push([`${id}/labels/approved_by/${escape(asking)}`, undefined]);
  const { timeout = '10m', approvers = [], quorum = 1 } = from.approval ?? {};
  const unitMs = timeout.endsWith('s') ? 1000 : timeout.endsWith('m') ? 60_000 : 3_600_000;
  const timeoutMs = parseInt(timeout, 10) * unitMs;
  const terms = { timeoutMs, approvers: [approvers].flat(), quorum };
  return reasons.slice(0, 1).map(([rule, why]) => ({ ...terms, rule, reason: why || null }));
}

function limited(limit: Policy.Limit, rule: string, units: number): Policy.LimitObligation {
  const { counter, scope, window } = limit;
  const named = { minute: 60, hour: 3600, day: 86_400, month: 31 * 86_400 };
  const seconds = typeof window === 'string' ? named[window] : window;
  const windowMs = seconds === undefined ? null : seconds * 1000;
  const align = limit.align && typeof window === 'string' ? window : 'sliding';
  const said = { max: maxOf(limit), onDeny: limit.on_deny || null };
  return { ...said, rule, counter, scope, guardrail: null, windowMs, align, units };
}

function truth(predicate: Policy.Predicate, call: Call, whole: boolean): Truth {
  const truths = conditions(predicate).map((condition) => {
    const each = leaves(call, condition.path).map((leaf) => judge(condition, leaf));
    return each.includes(null) ? null : whole ? !each.includes(false) : each.includes(true);
  });
  return every(truths);
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
      const key = step.startsWith('.') ? step.slice(1) : step.slice(1, -1);
      if (step.startsWith('.') ? !isBag(leaf) : !Array.isArray(leaf)) return [wrongParent];
      const inside = leaf as Bag;
      if (step === '[*]') return Object.keys(inside).length ? Object.values(inside) : [undefined];
      return [Object.hasOwn(inside, key) ? inside[key] : undefined];
    });
  }
  return found;
}

/** `.name` (also for `["name"]`), `[0]` or `[*]`, one text for each step. */
function steps(path: string): string[] {
  const found = path.matchAll(/(?<!session)\.[^.[]+|\["(.*?)"\]|\[.*?\]/g);
  return [...found].map((match) => (match[1] === undefined ? match[0] : `.${match[1]}`));
}

function twin(value: JsonValue | undefined, [step, ...rest]: string[]): boolean {
  if (step === undefined) return false;
  if (!step.startsWith('.')) {
    if (!Array.isArray(value)) return false;
    const chosen = step === '[*]' ? value : [value[Number(step.slice(1, -1))]];
    return chosen.some((element: JsonValue) => twin(element, rest));
  }
  if (!isBag(value)) return false;
  const fold = (key: string): string => key.normalize('NFKC').toUpperCase().toLowerCase().trim();
  const key = step.slice(1);
  if (Object.keys(value).some((each) => each !== key && fold(each) === fold(key))) return true;
  return Object.hasOwn(value, key) && twin(value[key], rest);
}

/** Schemas here have `required`, `properties` and `type` and nothing else. */
function satisfies(schema: JsonValue, args: Bag): boolean {
  if (hasUnsafe(args)) return false;
  if (!isBag(schema)) return schema === true;
  if (strings(schema.required).some((key) => !Object.hasOwn(args, key))) return false;
  return Object.entries(isBag(schema.properties) ? schema.properties : {}).every(([key, inner]) => {
    if (!Object.hasOwn(args, key) || !isBag(inner)) return true;
    return inner.type === undefined || inner.type === type(args[key]);
  });
}

function judge({ op, value }: Policy.Condition, leaf: Leaf): Truth {
  if (leaf === wrongParent) return null;
  const absent = leaf === undefined || (leaf === null && !mentionsNull(value));
  if (op === 'exists') return absent !== value;
  if (absent) return false;
  if (op.startsWith('not_') || op === 'neq') {
    const opposite = op === 'neq' ? 'eq' : (op.slice(4) as 'in' | 'regex' | 'contains');
    const answer = judge({ path: '', op: opposite, value }, leaf);
    return answer === null ? null : !answer;
  }
  if (op === 'eq') return equal(leaf, value);
  const listed = strings(value);
  if (op === 'in') {
    const alike = [value].flat().filter((each) => type(each) === type(leaf));
    return alike.length === 0 ? null : any(alike.map((each) => equal(leaf, each)));
  }
  if (op === 'contains' && Array.isArray(leaf)) {
    const present = leaf.filter((each) => each !== null || mentionsNull(value));
    return any(present.map((each: JsonValue) => equal(each, value)));
  }
  const size = Object.keys(typeof leaf === 'string' ? Array.from(leaf) : Object(leaf)).length;
  const sized = ['string', 'array', 'object'].includes(type(leaf));
  if (op === 'length_lte') return sized ? size <= Number(value) : null;
  if (op === 'length_gte') return sized ? size >= Number(value) : null;
  if (typeof leaf === 'number' && isSafe(leaf)) {
    if (op === 'lt') return leaf < Number(value);
    if (op === 'lte') return leaf <= Number(value);
    if (op === 'gt') return leaf > Number(value);
    if (op === 'gte') return leaf >= Number(value);
  }
  if (typeof leaf !== 'string') return null;
  if (op === 'contains') return typeof value === 'string' ? leaf.includes(value) : null;
  if (op === 'regex') return new RegExp(listed[0] ?? '', 'u').test(leaf);
  if (op === 'path_within') return listed.some((root) => leaf.startsWith(`${root}/`));
  if (op === 'url_host_in') return listed.some((host) => leaf.startsWith(`https://${host}/`));
  if (op === 'email_domain_in') return listed.some((domain) => leaf.endsWith(`@${domain}`));
  return op === 'sql_only' ? listed.includes(leaf.split(' ', 1).join()) : null;
}

function equal(a: JsonValue, b: JsonValue): Truth {
  if (type(a) !== type(b) || (typeof a === 'number' && !isSafe(a))) return null;
  if (typeof a !== 'object' || a === null) return a === b;
  const [x, y] = [a as Bag, b as Bag];
  if (Object.keys(x).sort().join('\n') !== Object.keys(y).sort().join('\n')) return false;
  return every(Object.keys(x).map((key) => equal(x[key] ?? null, y[key] ?? null)));
}

function label(predicate: Policy.Predicate, index: number): string {
  const [first] = conditions(predicate);
  return escape(predicate.id ?? (first ? `${first.path}-${first.op}` : `${index}`));
}

const costOf = (limit: Policy.Limit): number | string => limit.cost ?? limit.increment_from ?? 1;
const maxOf = ({ concurrent, max }: Policy.Limit): number =>
  typeof concurrent === 'number' ? concurrent : (max ?? 0);
const enforced = (document: Doc, rule: Policy.Rule): boolean =>
  (rule.input_schema ?? document.input_schema) === 'enforce';
const any = (all: Truth[]): Truth => all.includes(true) || (all.includes(null) ? null : false);
const every = (all: Truth[]): Truth => !all.includes(false) && (all.includes(null) ? null : true);
const isBag = (value: unknown): value is Bag => type(value) === 'object';
const type = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
/** The texts in a list, or the single one. */
const strings = (value: JsonValue | undefined): string[] =>
  [value].flat().filter((each) => typeof each === 'string');
/** Whether two parsers read a number alike. */
const isSafe = (value: number): boolean => Math.abs(value) <= Number.MAX_SAFE_INTEGER;
const mentionsNull = (value: JsonValue): boolean =>
  value === null || (typeof value === 'object' && Object.values(value).some(mentionsNull));
const conditions = (predicate: Policy.Predicate): readonly Policy.Condition[] =>
  'conditions' in predicate ? predicate.conditions : [predicate];
const escape = (text: string): string => text.replaceAll('~', '~0').replaceAll('/', '~1');
const schemaKeys = (schema: JsonValue | undefined): string[] =>
  isBag(schema) ? [...Object.keys(schema.properties ?? {}), ...strings(schema.required)] : [];
const hasUnsafe = (value: JsonValue): boolean =>
  typeof value === 'object'
    ? Object.values(value ?? {}).some(hasUnsafe)
    : typeof value === 'number' && !isSafe(value);
