import type { IntentRecord, OutcomeRecord, RecordBody, UnitsTaken } from './record.ts';

/** What is not printable ASCII. */
export const unprintable: RegExp = /[^\x20-\x7e]/;
const everyUnprintable = /[^\x20-\x7e]/g;
/** Texts that JSON writes as they are: ids, digests, and most names. */
const plain = /^[\w:./ -]*$/;

/**
 * A record as JSON without its opening brace, in printable ASCII alone. Two are written for every
 * call, an intent and an outcome: those are put together here, which costs a part of what it costs
 * to write any object.
 */
export function encodeRecord(body: RecordBody): string {
  if (body.kind === 'outcome' && body.units === undefined) return encodeOutcome(body);
  if (body.kind === 'intent' && isOrdinary(body)) return encodeIntent(body);
  return escapeUnprintable(JSON.stringify(body)).slice(1);
}

function encodeOutcome(outcome: OutcomeRecord): string {
  const { id, time, status, code, answerBytes, decideUs, recordUs, upstreamUs } = outcome;
  return (
    `"kind":"outcome","id":${textOf(id)},"time":${numberOf(time)},"status":"${status}",` +
    `"code":${numberOf(code)},"answerBytes":${numberOf(answerBytes)},` +
    `"decideUs":${numberOf(decideUs)},"recordUs":${numberOf(recordUs)},` +
    `"upstreamUs":${numberOf(upstreamUs)},"givenBack":${outcome.givenBack}}`
  );
}

/** Without what only some calls have. */
function isOrdinary(intent: IntentRecord): boolean {
  return (
    intent.labels === undefined &&
    intent.traceparent === undefined &&
    intent.valueDigests === undefined &&
    intent.arguments === undefined
  );
}

function encodeIntent(intent: IntentRecord): string {
  const { id, time, argumentKeys, argumentsDigest, units } = intent;
  const { asked, decided } = callOf(intent);
  return (
    `"kind":"intent","id":${textOf(id)},"time":${numberOf(time)},${asked},` +
    `"argumentKeys":[${listOf(argumentKeys, textOf)}],"argumentsDigest":${textOf(argumentsDigest)},` +
    `${decided},"units":[${listOf(units, unitsOf)}],"wouldRefuse":${textOf(intent.wouldRefuse)}}`
  );
}

/** What calls of one tool by one grant say alike, as long as nothing changes. */
type Alike = Pick<
  IntentRecord,
  | 'principal'
  | 'server'
  | 'pin'
  | 'policy'
  | 'policyVersion'
  | 'mode'
  | 'era'
  | 'clientDeclared'
  | 'session'
  | 'rule'
  | 'decision'
>;

interface KnownCall {
  /** Not the whole record: a cut name of an argument keeps all of the name in memory. */
  readonly of: Alike;
  readonly asked: string;
  readonly decided: string;
}

/** By grant, then tool; begun anew when there are more than these. */
const grantsMax = 512;
const toolsMax = 256;
const known = new Map<string, Map<string, KnownCall>>();

function callOf(intent: IntentRecord): KnownCall {
  const { grant, tool } = intent;
  const ofGrant = known.get(grant);
  const last = ofGrant?.get(tool);
  if (last !== undefined && isSameCall(last.of, intent)) return last;

  const { principal, server, pin, policy, policyVersion, mode, era } = intent;
  const { clientDeclared, session, rule, decision } = intent;
  const where = { pin, policy, policyVersion, mode, era, clientDeclared, session };
  const call = {
    of: { principal, server, ...where, rule, decision },
    asked: membersOf({ grant, principal, server, tool, ...where }),
    decided: membersOf({ rule, decision }),
  };
  if (ofGrant !== undefined) {
    if (ofGrant.size >= toolsMax) ofGrant.clear();
    ofGrant.set(tool, call);
    return call;
  }
  if (known.size >= grantsMax) known.clear();
  known.set(grant, new Map([[tool, call]]));
  return call;
}

function isSameCall(last: Alike, intent: Alike): boolean {
  return (
    last.session === intent.session &&
    last.server === intent.server &&
    last.pin === intent.pin &&
    last.rule === intent.rule &&
    last.decision === intent.decision &&
    last.policyVersion === intent.policyVersion &&
    last.policy === intent.policy &&
    last.mode === intent.mode &&
    last.era === intent.era &&
    last.clientDeclared === intent.clientDeclared &&
    last.principal === intent.principal
  );
}

function membersOf(object: object): string {
  return escapeUnprintable(JSON.stringify(object)).slice(1, -1);
}

function unitsOf({ key, units, windowMs, before, max }: UnitsTaken): string {
  const told = before === undefined ? '' : `,"before":${numberOf(before)}`;
  const limit = max === undefined ? '' : `,"max":${numberOf(max)}`;
  const counted = `"units":${numberOf(units)},"windowMs":${numberOf(windowMs)}`;
  return `{"key":${textOf(key)},${counted}${told}${limit}}`;
}

function listOf<T>(values: readonly T[], encode: (value: T) => string): string {
  let list = '';
  for (const value of values) list += list === '' ? encode(value) : `,${encode(value)}`;
  return list;
}

function textOf(text: string | null): string {
  if (text === null) return 'null';
  return plain.test(text) ? `"${text}"` : escapeUnprintable(JSON.stringify(text));
}

/** JSON has no word for what is no finite number. */
function numberOf(number: number | null): string {
  return number !== null && Number.isFinite(number) ? String(number) : 'null';
}

/** Replaces whatever is not printable ASCII by JSON escapes: the JSON value stays the same. */
export function escapeUnprintable(json: string): string {
  if (!unprintable.test(json)) return json;
  return json.replace(
    everyUnprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
