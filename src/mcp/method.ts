import type { Era } from './message.ts';

export type Direction = 'client-to-server' | 'server-to-client';

/**
 * Who rules a method: a part of the policy, a switch of the server's entry, or the relay alone.
 * `lifecycle` is what opens and keeps a session, `relay` what carries nothing to be ruled.
 */
export type Ruling =
  | 'tool-call'
  | 'tool-list'
  | 'resource'
  | 'prompt'
  | 'completion'
  | 'sampling'
  | 'elicitation'
  | 'roots'
  | 'task'
  | 'logging'
  | 'subscription'
  | 'lifecycle'
  | 'discover'
  | 'cancel'
  | 'progress'
  | 'list-changed'
  | 'relay';

/** How one method in one direction is ruled. */
export interface MethodRule {
  readonly method: string;
  readonly direction: Direction;
  readonly kind: 'request' | 'notification';
  readonly eras: readonly Era[];
  readonly ruled: Ruling;
  /** The member of `params` that `Mcp-Name` mirrors in the modern era, or null. */
  readonly nameParam: 'name' | 'uri' | 'taskId' | null;
}

/**
 * How a method is ruled, or null for what is not in the table: then the answer is −32601 and
 * nothing is forwarded. Names are compared exactly, case included.
 */
export function ruleFor(method: string, direction: Direction, era: Era): MethodRule | null {
  const rule = BY_DIRECTION[direction].get(method);
  return rule !== undefined && rule.eras.includes(era) ? rule : null;
}

const LEGACY: readonly Era[] = ['legacy'];
const MODERN: readonly Era[] = ['modern'];
const BOTH: readonly Era[] = ['legacy', 'modern'];

type Row = readonly [
  method: string,
  eras: readonly Era[],
  ruled: Ruling,
  nameParam?: 'name' | 'uri' | 'taskId',
];

/** What a client asks: revisions 2024-11-05 to 2026-07-28, and both generations of tasks. */
const CLIENT_REQUESTS: readonly Row[] = [
  ['initialize', LEGACY, 'lifecycle'],
  ['ping', LEGACY, 'lifecycle'],
  ['server/discover', MODERN, 'discover'],
  ['tools/list', BOTH, 'tool-list'],
  ['tools/call', BOTH, 'tool-call', 'name'],
  ['resources/list', BOTH, 'resource'],
  ['resources/templates/list', BOTH, 'resource'],
  ['resources/read', BOTH, 'resource', 'uri'],
  ['resources/subscribe', LEGACY, 'resource'],
  ['resources/unsubscribe', LEGACY, 'resource'],
  ['prompts/list', BOTH, 'prompt'],
  ['prompts/get', BOTH, 'prompt', 'name'],
  ['completion/complete', BOTH, 'completion'],
  ['logging/setLevel', LEGACY, 'logging'],
  ['subscriptions/listen', MODERN, 'subscription'],
  ['tasks/get', BOTH, 'task', 'taskId'],
  ['tasks/result', LEGACY, 'task'],
  ['tasks/list', LEGACY, 'task'],
  ['tasks/update', MODERN, 'task', 'taskId'],
  ['tasks/cancel', BOTH, 'task', 'taskId'],
];

const CLIENT_NOTIFICATIONS: readonly Row[] = [
  ['notifications/initialized', LEGACY, 'lifecycle'],
  ['notifications/cancelled', BOTH, 'cancel'],
  ['notifications/progress', LEGACY, 'progress'],
  ['notifications/roots/list_changed', LEGACY, 'roots'],
  ['notifications/tasks/status', LEGACY, 'task'],
];

/** What a server asks: the modern era has none, its servers answer `input_required` instead. */
const SERVER_REQUESTS: readonly Row[] = [
  ['ping', LEGACY, 'lifecycle'],
  ['sampling/createMessage', LEGACY, 'sampling'],
  ['elicitation/create', LEGACY, 'elicitation'],
  ['roots/list', LEGACY, 'roots'],
  ['tasks/get', LEGACY, 'task'],
  ['tasks/result', LEGACY, 'task'],
  ['tasks/list', LEGACY, 'task'],
  ['tasks/cancel', LEGACY, 'task'],
];

const SERVER_NOTIFICATIONS: readonly Row[] = [
  ['notifications/cancelled', BOTH, 'cancel'],
  ['notifications/progress', BOTH, 'progress'],
  ['notifications/message', BOTH, 'logging'],
  ['notifications/tools/list_changed', BOTH, 'list-changed'],
  ['notifications/prompts/list_changed', BOTH, 'list-changed'],
  ['notifications/resources/list_changed', BOTH, 'list-changed'],
  ['notifications/resources/updated', BOTH, 'resource'],
  ['notifications/subscriptions/acknowledged', MODERN, 'subscription'],
  ['notifications/elicitation/complete', LEGACY, 'elicitation'],
  ['notifications/tasks/status', LEGACY, 'task'],
  ['notifications/tasks', MODERN, 'task'],
];

function rulesOf(
  direction: Direction,
  kind: MethodRule['kind'],
  rows: readonly Row[],
): MethodRule[] {
  return rows.map(([method, eras, ruled, nameParam = null]) => {
    return { method, direction, kind, eras, ruled, nameParam };
  });
}

/** The one table of every method and notification, in both directions. */
export const METHODS: readonly MethodRule[] = [
  ...rulesOf('client-to-server', 'request', CLIENT_REQUESTS),
  ...rulesOf('client-to-server', 'notification', CLIENT_NOTIFICATIONS),
  ...rulesOf('server-to-client', 'request', SERVER_REQUESTS),
  ...rulesOf('server-to-client', 'notification', SERVER_NOTIFICATIONS),
];

const BY_DIRECTION: Readonly<Record<Direction, ReadonlyMap<string, MethodRule>>> = {
  'client-to-server': mapOf('client-to-server'),
  'server-to-client': mapOf('server-to-client'),
};

function mapOf(direction: Direction): ReadonlyMap<string, MethodRule> {
  const rules = METHODS.filter((rule) => rule.direction === direction);
  return new Map(rules.map((rule) => [rule.method, rule]));
}
