import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Era } from './message.ts';
import { METHODS, ruleFor } from './method.ts';
import type { Direction } from './method.ts';

test('a method is known in its direction and era alone', () => {
  const c: Direction = 'client-to-server';
  const s: Direction = 'server-to-client';
  const cases: readonly (readonly [string, Direction, Era, string | null])[] = [
    ['tools/call', c, 'legacy', 'tool-call'],
    ['tools/call', c, 'modern', 'tool-call'],
    ['tools/call', s, 'legacy', null],
    ['tools/list', c, 'modern', 'tool-list'],
    ['initialize', c, 'legacy', 'lifecycle'],
    ['initialize', c, 'modern', null],
    ['ping', c, 'modern', null],
    ['ping', s, 'legacy', 'lifecycle'],
    ['server/discover', c, 'modern', 'discover'],
    ['server/discover', c, 'legacy', null],
    ['subscriptions/listen', c, 'modern', 'subscription'],
    ['logging/setLevel', c, 'modern', null],
    ['resources/subscribe', c, 'legacy', 'resource'],
    ['resources/subscribe', c, 'modern', null],
    ['sampling/createMessage', c, 'legacy', null],
    ['sampling/createMessage', s, 'legacy', 'sampling'],
    ['sampling/createMessage', s, 'modern', null],
    ['elicitation/create', s, 'legacy', 'elicitation'],
    ['roots/list', s, 'legacy', 'roots'],
    ['tasks/update', c, 'modern', 'task'],
    ['tasks/update', c, 'legacy', null],
    ['tasks/result', c, 'legacy', 'task'],
    ['tasks/result', c, 'modern', null],
    ['notifications/cancelled', c, 'modern', 'cancel'],
    ['notifications/tools/list_changed', s, 'modern', 'list-changed'],
    ['notifications/tools/list_changed', c, 'legacy', null],
    ['notifications/roots/list_changed', c, 'legacy', 'roots'],
    ['notifications/roots/list_changed', c, 'modern', null],
    ['notifications/elicitation/complete', s, 'legacy', 'elicitation'],
    ['notifications/elicitation/complete', s, 'modern', null],
    ['notifications/tasks', s, 'modern', 'task'],
    ['notifications/tasks/status', s, 'legacy', 'task'],
    ['tools/callx', c, 'legacy', null],
    ['Tools/Call', c, 'legacy', null],
    ['tools/call ', c, 'legacy', null],
    ['rpc.discover', c, 'legacy', null],
    ['constructor', c, 'legacy', null],
    ['__proto__', c, 'legacy', null],
    ['', c, 'legacy', null],
  ];
  for (const [method, direction, era, ruled] of cases) {
    assert.equal(
      ruleFor(method, direction, era)?.ruled ?? null,
      ruled,
      `${method} ${direction} ${era}`,
    );
  }
});

test('no method stands twice in one direction', () => {
  const places = METHODS.map((rule) => `${rule.direction} ${rule.method}`);
  assert.equal(new Set(places).size, places.length);
  assert.equal(METHODS.filter((rule) => rule.eras.length === 0).length, 0);
});

test('notifications are those whose names say so', () => {
  for (const rule of METHODS) {
    assert.equal(
      rule.kind === 'notification',
      rule.method.startsWith('notifications/'),
      rule.method,
    );
  }
});

test('the methods that `Mcp-Name` mirrors', () => {
  const named = METHODS.filter((rule) => rule.nameParam !== null);
  assert.deepEqual(
    named.map((rule) => `${rule.method} ${rule.nameParam}`),
    [
      'tools/call name',
      'resources/read uri',
      'prompts/get name',
      'tasks/get taskId',
      'tasks/update taskId',
      'tasks/cancel taskId',
    ],
  );
});
