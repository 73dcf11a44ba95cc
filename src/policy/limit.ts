import { assert } from '../base/assert.ts';
import type { JsonObject } from '../base/strict-json.ts';
import type { Limit, RateLimit, WindowName } from './document.ts';
import type { LimitObligation } from './decision.ts';
import { isSafe } from './operators/compare.ts';
import { parsePath } from './path.ts';
import { compileRead } from './predicate.ts';
import { pointerToken } from './problem.ts';
import type { AccessRequest } from './request.ts';

/** A limit whose obligation is ready but for what only the call says. */
export interface CompiledLimit {
  /** The obligation of a call that costs one unit, or what `cost` says. */
  readonly obligation: LimitObligation;
  /** The units that a call takes, or null when they cannot be told; absent: always the same. */
  readonly units: ((request: AccessRequest, args: JsonObject) => number | null) | null;
}

const windowMs: Readonly<Record<WindowName, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  month: 31 * 86_400_000,
};

/** Prepares a limit of a checked document; `list` is the rule id of the list it stands in. */
export function compileLimit(limit: Limit, list: string): CompiledLimit {
  const { window } = limit;
  const cost = limit.cost ?? limit.increment_from ?? 1;
  const inFlight = typeof limit.concurrent === 'number' ? limit.concurrent : undefined;
  const max = inFlight ?? limit.max;
  assert(max !== undefined, 'limits are checked before they are compiled');
  const obligation: LimitObligation = {
    rule: `${list}/${pointerToken(limit.counter)}`,
    counter: limit.counter,
    scope: limit.scope,
    guardrail: null,
    windowMs:
      window === undefined ? null : typeof window === 'number' ? window * 1000 : windowMs[window],
    align: limit.align === 'calendar' && typeof window === 'string' ? window : 'sliding',
    max,
    units: typeof cost === 'number' ? cost : 0,
    onDeny: limit.on_deny || null,
  };
  return { obligation, units: typeof cost === 'number' ? null : compileUnits(cost) };
}

/** The short form, written out for one tool: its counter carries the tool's own name. */
export function compileRateLimit(rate: RateLimit, list: string, toolName: string): CompiledLimit {
  const counter = `${toolName}_rate`;
  return compileLimit({ counter, window: rate.window, max: rate.max, scope: 'session' }, list);
}

/** Absent, null, of another type, negative or unsafe: null, and the call is refused. */
function compileUnits(text: string): CompiledLimit['units'] {
  const path = parsePath(text);
  assert(path.ok && !path.value.many, 'cost paths are checked before they are compiled');
  const read = compileRead(path.value);
  return (request, args) => {
    const value = read(request, args);
    return typeof value === 'number' && value >= 0 && isSafe(value) ? value : null;
  };
}
