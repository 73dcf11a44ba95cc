import type { Limit, PolicyDocument } from './document.ts';
import { scopes } from './document.ts';
import { placedLimits } from './effective.ts';
import type { PlacedLimit } from './effective.ts';
import { compileLimit } from './limit.ts';
import { refusesAlways } from './lint-place.ts';
import type { Advice, Place } from './lint-place.ts';

/** Limits that can never bind, and limits that a client restarts by opening another session. */
export function lintLimits(document: PolicyDocument, places: readonly Place[]): readonly Advice[] {
  const shared = placedLimits(document.all_tools ?? {}, '/all_tools', '');
  return places.flatMap((place) => {
    if (refusesAlways(place.rule)) return [];
    const own = placedLimits(place.rule, place.base, '<tool>');
    const around = place.base === '/all_tools' ? own : [...shared, ...own];
    return own.flatMap((limit) => [...sessionScope(limit), ...idleLimit(limit, around)]);
  });
}

function sessionScope({ limit, pointer }: PlacedLimit): readonly Advice[] {
  if (limit.scope !== 'session') return [];
  const short = pointer.endsWith('/rate_limit');
  const message = 'a client that opens another session starts another count';
  const written = { counter: limit.counter, window: limit.window, max: limit.max, scope: 'grant' };
  const hint = short
    ? `write \`"limits": [${JSON.stringify(written)}]\` instead`
    : 'use `"scope": "grant"`';
  const at = short ? pointer : `${pointer}/scope`;
  return [{ code: 'session-scope', pointer: at, message, hint }];
}

function idleLimit(placed: PlacedLimit, around: readonly PlacedLimit[]): readonly Advice[] {
  const { limit, pointer } = placed;
  if (limit.cost === 0 && limit.max !== 0 && limit.concurrent !== 0) {
    const message = 'a cost of 0 takes nothing: the limit never binds';
    return [{ code: 'idle-limit', pointer: `${pointer}/cost`, message, hint: 'remove the limit' }];
  }
  const tighter = around.find((each) => each.pointer !== pointer && bindsFirst(each, placed));
  if (tighter === undefined) return [];
  const message = `the limit at ${tighter.pointer} always binds first: this one never does`;
  return [{ code: 'idle-limit', pointer, message, hint: 'lower its `max`, or remove it' }];
}

/**
 * Whether calls that pass `first` always pass `second`: it counts at least the same calls, for at
 * least as long, and admits no more of them. Of two equal ones the earlier binds.
 */
function bindsFirst(first: PlacedLimit, second: PlacedLimit): boolean {
  const [a, b] = [compileLimit(first.limit, ''), compileLimit(second.limit, '')];
  if (a.units !== null || b.units !== null) return false;
  const [tight, loose] = [a.obligation, b.obligation];
  if (tight.windowMs === null || loose.windowMs === null || tight.align !== 'sliding') return false;
  if (width(first.limit) < width(second.limit) || tight.windowMs < loose.windowMs) return false;
  const equal =
    width(first.limit) === width(second.limit) &&
    tight.windowMs === loose.windowMs &&
    tight.max === loose.max &&
    tight.units === loose.units &&
    loose.align === 'sliding';
  if (equal) return first.pointer < second.pointer;
  if (tight.units <= 0) return false;
  return Math.floor(tight.max / tight.units) * loose.units <= loose.max;
}

function width(limit: Limit): number {
  return scopes.indexOf(limit.scope);
}
