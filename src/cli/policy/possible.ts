import { assert } from '../../base/assert.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import type { Condition, Predicate } from '../../policy/index.ts';
import type { Outcome } from '../../policy/operators/outcome.ts';
import { parsePath } from '../../policy/path.ts';
import {
  compileCondition,
  conditionsOf,
  type Quantifier,
  type Test,
} from '../../policy/predicate.ts';
import type { AccessRequest } from '../../policy/index.ts';
import { startWork } from '../../policy/work.ts';

/** What a record tells of a call's arguments: their names, never their values. */
export interface KnownArguments {
  readonly keys: ReadonlySet<string>;
  /** Whether these are all: long lists and long names are cut when they are recorded. */
  readonly complete: boolean;
  /** Whether the client may have sent something else than an object. */
  readonly maybeInvalid: boolean;
}

/**
 * What is taken for granted of values that were not kept. `any`: nothing. `plain`: none of them is
 * null, none holds a number that a double does not carry, none is beyond the bounds of validation.
 */
export type Assumption = 'any' | 'plain';

/** The question of a recorded call. */
export interface KnownCall {
  /** Complete but for its arguments. */
  readonly request: AccessRequest;
  readonly known: KnownArguments;
  /** Whether `request.grantLabel` is the grant's label; records hold its id alone. */
  readonly labelKnown: boolean;
  /** Whether `request.tool.inputSchema` is the schema that was pinned then. */
  readonly schemaKnown: boolean;
  readonly assume: Assumption;
}

/** Every outcome that some arguments with these names could have. */
export type Possible = ReadonlySet<Outcome>;

const everyOutcome: Possible = new Set<Outcome>(['holds', 'does-not-hold', 'cannot-tell']);

/**
 * The outcomes that a predicate can have for a recorded call. Never too few: conditions are taken
 * one by one, so what they have in common only adds outcomes that cannot occur together.
 */
export function possibleOutcomes(
  predicate: Predicate,
  quantifier: Quantifier,
  call: KnownCall,
): Possible {
  let whole: Possible = new Set<Outcome>(['holds']);
  for (const condition of conditionsOf(predicate)) {
    const part = outcomesOf(condition, quantifier, call);
    whole = new Set([...whole].flatMap((one) => [...part].map((other) => both(one, other))));
  }
  return whole;
}

/** One that does not hold decides; else one that cannot be told. */
function both(one: Outcome, other: Outcome): Outcome {
  if (one === 'does-not-hold' || other === 'does-not-hold') return 'does-not-hold';
  return one === 'cannot-tell' ? one : other;
}

function outcomesOf(condition: Condition, quantifier: Quantifier, call: KnownCall): Possible {
  const path = parsePath(condition.path);
  assert(path.ok, 'the paths of a compiled policy were read before');
  const { root, steps } = path.value;
  const { keys, complete } = call.known;
  const exactly = (args: JsonObject): Possible =>
    new Set([testOf(condition, quantifier)(call.request, args, startWork())]);
  if (root === 'grant.label' && !call.labelKnown) return everyOutcome;
  if (root === 'session.labels') return everyOutcome;
  if (root !== 'args') return exactly({});
  if (complete && keys.size === 0) return exactly({});

  const [first, second] = steps;
  if (first === undefined) {
    const countsKeys = condition.op === 'length_lte' || condition.op === 'length_gte';
    if (condition.op === 'exists') return exactly({});
    return countsKeys && complete ? exactly(stand(keys)) : everyOutcome;
  }
  // The arguments are an object, in which no index and no `[*]` finds anything.
  if (first.kind !== 'key') return exactly({});
  const inside = (): Possible => {
    if (condition.op !== 'exists' || second !== undefined) return everyOutcome;
    const present = exactly({ [first.key]: true });
    return call.assume === 'plain' ? present : present.union(exactly({ [first.key]: null }));
  };
  if (keys.has(first.key)) return inside();
  return complete ? exactly({}) : exactly({}).union(inside());
}

/** Prepared once for each condition of a document: a replay asks the same ones for every call. */
const tests = new WeakMap<Condition, { readonly quantifier: Quantifier; readonly test: Test }>();

function testOf(condition: Condition, quantifier: Quantifier): Test {
  const known = tests.get(condition);
  if (known?.quantifier === quantifier) return known.test;
  const test = compileCondition(condition, quantifier);
  tests.set(condition, { quantifier, test });
  return test;
}

/** An object with these keys, for what looks at nothing else. */
export function stand(keys: ReadonlySet<string>): JsonObject {
  return Object.fromEntries([...keys].map((key) => [key, true]));
}
