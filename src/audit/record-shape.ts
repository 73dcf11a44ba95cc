import type { RecordBody } from './record.ts';

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const flag: Check = (value) => typeof value === 'boolean';
const texts: Check = (value) => Array.isArray(value) && value.every(text);

const call: Shape = {
  id: text,
  time: number,
  grant: text,
  principal: text,
  server: text,
  tool: text,
  pin: orNull(text),
  policy: orNull(text),
  policyVersion: orNull(number),
  rule: text,
  mode: oneOf('enforce', 'observe'),
  era: oneOf('legacy', 'modern'),
  clientDeclared: orNull(text),
  session: orNull(text),
  argumentKeys: texts,
  argumentsDigest: orNull(text),
  traceparent: optional(text),
  valueDigests: optional((value) => isObject(value) && Object.values(value).every(text)),
  // Any value of JSON: what was parsed is one.
  arguments: () => true,
};

const units: Check = listOf({
  key: text,
  units: number,
  windowMs: orNull(number),
  before: optional(number),
  max: optional(number),
});
const limit: Check = objectOf({
  key: text,
  asked: number,
  windowMs: orNull(number),
  before: optional(number),
  max: number,
});
const counters: Check = listOf({ key: text, windowMs: number, time: number, units: number });

const shapes: Readonly<Record<RecordBody['kind'], Shape>> = {
  intent: {
    ...call,
    decision: oneOf('allow', 'deny'),
    units,
    labels: optional(texts),
    wouldRefuse: orNull(text),
  },
  refusal: {
    ...call,
    enforcement: oneOf('refused', 'held'),
    code: text,
    message: text,
    retryAfterMs: orNull(number),
    limit: optional(limit),
  },
  outcome: {
    id: text,
    time: number,
    status: text,
    code: orNull(number),
    answerBytes: number,
    decideUs: number,
    recordUs: number,
    upstreamUs: number,
    givenBack: flag,
    units: optional(units),
  },
  method: {
    id: text,
    time: number,
    grant: orNull(text),
    principal: orNull(text),
    server: orNull(text),
    method: text,
    direction: oneOf('to-server', 'to-client'),
    decision: oneOf('allow', 'deny'),
    code: orNull(text),
    source: optional(text),
    count: optional(number),
    sinceMs: optional(number),
  },
  approval: {
    id: text,
    time: number,
    event: oneOf(
      'asked',
      'allowed',
      'denied',
      'used',
      'expired',
      'withdrawn',
      'void',
      'refused',
      'standing-given',
      'standing-used',
      'standing-revoked',
    ),
    call: orNull(text),
    grant: text,
    principal: text,
    server: text,
    tool: text,
    pin: orNull(text),
    policy: orNull(text),
    policyVersion: orNull(number),
    rule: text,
    argumentsDigest: orNull(text),
    actor: orNull(text),
    via: orNull(text),
    comment: orNull(text),
    reason: orNull(text),
    expiresMs: number,
  },
  admin: { id: text, time: number, actor: text, action: text, subject: text, detail },
  system: { id: text, time: number, event: text, detail, counters: optional(counters) },
};

/** Whether a value from a file is one of our records: every member of the type it must have. */
export function isRecordBody(value: unknown): value is RecordBody {
  if (!isObject(value)) return false;
  const kind = value['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(shapes, kind)) return false;
  // The line above says that `kind` is a key of the table.
  return hasShape(value, shapes[kind as RecordBody['kind']]);
}

function hasShape(value: Readonly<Record<string, unknown>>, shape: Shape): boolean {
  for (const name in shape) {
    const check = shape[name];
    if (check === undefined || !check(value[name])) return false;
  }
  return true;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function detail(value: unknown): boolean {
  if (!isObject(value)) return false;
  return Object.values(value).every(
    (member) => member === null || text(member) || number(member) || flag(member),
  );
}

function orNull(check: Check): Check {
  return (value) => value === null || check(value);
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function oneOf(...words: readonly string[]): Check {
  return (value) => typeof value === 'string' && words.includes(value);
}

function objectOf(shape: Shape): Check {
  return (value) => isObject(value) && hasShape(value, shape);
}

function listOf(shape: Shape): Check {
  const entry = objectOf(shape);
  return (value) => Array.isArray(value) && value.every(entry);
}
