import { newId } from '../base/id.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { flag, isObject, list, number, object, text } from './arguments.ts';
import { evaluate } from './arithmetic.ts';
import tools from './calculator.tools.json' with { type: 'json' };
import type { DemoServer, ToolHandler } from './server.ts';

const SESSIONS_MAX = 500;
const TRANSCRIPT_MAX = 100;
/** A name that is kept free of real sites: the links show what they would carry and lead nowhere. */
const SITE = 'https://calculator.example';

interface Calculator {
  readonly name: string;
  readonly fields: readonly string[];
  readonly formula: string;
}

const CALCULATORS: readonly Calculator[] = [
  {
    name: 'loan_payment',
    fields: ['principal', 'monthly_rate', 'months'],
    formula: 'principal * monthly_rate / (1 - (1 + monthly_rate) ^ -months)',
  },
  {
    name: 'compound_interest',
    fields: ['principal', 'rate', 'years'],
    formula: 'principal * (1 + rate) ^ years',
  },
  { name: 'percentage', fields: ['part', 'whole'], formula: '100 * part / whole' },
  { name: 'body_mass_index', fields: ['kilograms', 'metres'], formula: 'kilograms / metres ^ 2' },
];

interface Session {
  readonly id: string;
  readonly calculator: Calculator;
  readonly metadata: JsonObject;
  readonly fields: Map<string, number>;
  readonly transcript: JsonObject[];
}

type Sessions = Map<string, Session>;

/** A stand-in for Calculator: a few formulas, and sessions that are kept in memory. */
export function createCalculator(): DemoServer {
  const sessions: Sessions = new Map();
  return {
    name: 'calculator',
    version: '1.0.0',
    instructions: 'A demo of a calculator. Ask for `list_calculators` first.',
    tools,
    calls: new Map(),
    handlers: {
      list_calculators: () => ok({ calculators: CALCULATORS.map((one) => ({ ...one })) }),
      calculate,
      calculate_cas: calculateExpression,
      calculate_cas_headless: calculateExpression,
      generate_prefilled_url: prefilledUrl,
      create_session: (args) => createSession(sessions, args),
      get_session_state: (args) => withSession(sessions, args, stateOf),
      push_session_action: (args) => withSession(sessions, args, (one) => pushActions(one, args)),
      close_session: (args) =>
        withSession(sessions, args, (session) => {
          sessions.delete(session.id);
          return ok({ closed: true, snapshot: describe(session) });
        }),
    },
  };
}

function find(args: JsonObject): Result<Calculator, string> {
  const wanted = text(args, 'calculator');
  const found = CALCULATORS.find((one) => one.name === wanted);
  if (found !== undefined) return ok(found);
  return err(`no such calculator: one of ${CALCULATORS.map((one) => one.name).join(', ')}`);
}

/** The fields' values, or what is wrong with them. `strict` also refuses fields nobody asked for. */
function valuesOf(calculator: Calculator, args: JsonObject): Result<Map<string, number>, string> {
  const inputs = object(args, 'inputs');
  const missing = calculator.fields.filter((field) => !Number.isFinite(inputs[field]));
  if (missing.length > 0) return err(`these inputs must be numbers: ${missing.join(', ')}`);
  const foreign = Object.keys(inputs).filter((name) => !calculator.fields.includes(name));
  if (flag(args, 'strict') && foreign.length > 0) return err(`unknown inputs: ${foreign.join()}`);
  return ok(new Map(calculator.fields.map((field) => [field, number(inputs, field, 0)])));
}

function urlOf(calculator: Calculator, values: ReadonlyMap<string, number>): string {
  const query = [...values].map(([field, value]) => `${field}=${encodeURIComponent(value)}`);
  return `${SITE}/${calculator.name}?${query.join('&')}`;
}

const calculate: ToolHandler = (args) => {
  const calculator = find(args);
  if (!calculator.ok) return calculator;
  const values = valuesOf(calculator.value, args);
  if (!values.ok) return values;
  const result = evaluate(calculator.value.formula, values.value);
  if (!result.ok) return result;
  return ok({ result: result.value, url: urlOf(calculator.value, values.value) });
};

const calculateExpression: ToolHandler = (args) => {
  const result = evaluate(text(args, 'expression'));
  return result.ok ? ok({ result: result.value }) : result;
};

const prefilledUrl: ToolHandler = (args) => {
  const calculator = find(args);
  if (!calculator.ok) return calculator;
  const values = valuesOf(calculator.value, args);
  return values.ok ? ok({ url: urlOf(calculator.value, values.value) }) : values;
};

function createSession(sessions: Sessions, args: JsonObject): Result<JsonObject, string> {
  const calculator = find(args);
  if (!calculator.ok) return calculator;
  if (sessions.size >= SESSIONS_MAX) return err('too many sessions are open: close one first');
  const session: Session = {
    id: newId('session_'),
    calculator: calculator.value,
    metadata: object(args, 'metadata'),
    fields: new Map(),
    transcript: [],
  };
  sessions.set(session.id, session);
  return ok({ session_id: session.id, url: `${SITE}/sessions/${session.id}` });
}

function withSession(
  sessions: Sessions,
  args: JsonObject,
  act: (session: Session) => Result<JsonObject, string>,
): Result<JsonObject, string> {
  const session = sessions.get(text(args, 'session_id'));
  return session === undefined
    ? err('no such session: it was closed or never opened')
    : act(session);
}

function describe(session: Session): JsonObject {
  return {
    session_id: session.id,
    calculator: session.calculator.name,
    metadata: session.metadata,
    fields: Object.fromEntries(session.fields),
    transcript: [...session.transcript],
  };
}

function stateOf(session: Session): Result<JsonObject, string> {
  // Actions are carried out as they are pushed, so nothing ever waits.
  return ok({ ...describe(session), queue: [] });
}

function pushActions(session: Session, args: JsonObject): Result<JsonObject, string> {
  const entries = list(args, 'actions').map((action) => carryOut(session, action));
  session.transcript.push(...entries);
  session.transcript.splice(0, session.transcript.length - TRANSCRIPT_MAX);
  return ok({ done: entries });
}

function carryOut(session: Session, action: JsonValue): JsonObject {
  if (!isObject(action)) return { error: 'an action must be an object' };
  const type = text(action, 'type');
  const field = text(action, 'field');
  if (type === 'clear') {
    session.fields.clear();
    return { type };
  }
  if (type === 'set') {
    if (!session.calculator.fields.includes(field)) return { type, error: `no field \`${field}\`` };
    session.fields.set(field, number(action, 'value', 0));
    return { type, field };
  }
  const result = evaluate(text(action, 'expression', session.calculator.formula), session.fields);
  return result.ok ? { type, result: result.value } : { type, error: result.error };
}
