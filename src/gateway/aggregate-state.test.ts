import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { AggregateSessions, type AggregateSession } from './aggregate-state.ts';

const hourMs = 3_600_000;

/** Sessions, and servers that end them when they are told to. */
function stand(): {
  readonly sessions: AggregateSessions;
  /** Sessions that are being ended. */
  readonly ending: (() => void)[];
  readonly open: (nowMs: number, grantId?: string, perGrantMax?: number) => AggregateSession;
} {
  const sessions = new AggregateSessions();
  const ending: (() => void)[] = [];
  const end = (): Promise<void> => new Promise((resolve) => ending.push(resolve));
  const open = (nowMs: number, grantId = 'g', perGrantMax = 20_000): AggregateSession =>
    sessions.open(
      { grantId, protocolVersion: '2025-11-25', parts: new Map() },
      { nowMs, perGrantMax, end },
    );
  return { sessions, ending, open };
}

describe('sessions over all servers', () => {
  test('thousands that were idle end a few at a time, each of them once', async () => {
    const { sessions, ending, open } = stand();
    const ids = Array.from({ length: 3_000 }, () => open(0).id);
    const fresh = open(hourMs + 1);
    let ended = 0;
    while (ending.length > 0) {
      assert.ok(ending.length <= 8, `${ending.length} at once`);
      // One that is opened meanwhile does not end more of them.
      open(hourMs + 2);
      assert.ok(ending.length <= 8, `${ending.length} at once`);
      ended += ending.length;
      for (const end of ending.splice(0)) end();
      await nextTurn();
      await nextTurn();
    }
    assert.equal(ended, ids.length);
    assert.equal(sessions.find(fresh.id, 'g', hourMs + 2)?.id, fresh.id);
  });

  test('an idle one is not found, ended or not', () => {
    const { sessions, open } = stand();
    const old = open(0);
    assert.equal(sessions.find(old.id, 'g', hourMs + 1), null);
    const used = open(0);
    assert.notEqual(sessions.find(used.id, 'g', hourMs - 1), null);
    assert.notEqual(sessions.find(used.id, 'g', hourMs + 1), null);
    assert.equal(sessions.find(used.id, 'other', hourMs + 1), null);
  });

  test('too many end the one that was used least lately: of the grant, or of all', () => {
    const { sessions, ending, open } = stand();
    const [first, second] = [open(0), open(0)];
    open(0, 'other');
    sessions.find(first.id, 'g', 1);
    open(2, 'g', 2);
    assert.equal(ending.length, 1);
    assert.equal(sessions.find(second.id, 'g', 3), null);
    assert.notEqual(sessions.find(first.id, 'g', 3), null);
    for (let count = 3; count < 10_000; count += 1) open(4, `grant ${count}`);
    assert.equal(ending.length, 1);
    open(5, 'last');
    assert.equal(ending.length, 2);
  });
});
