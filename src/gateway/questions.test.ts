import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Questions } from './questions.ts';

const minuteMs = 60_000;

describe('questions of servers', () => {
  test('an answer finds its question once, in its own session', () => {
    const questions = new Questions();
    assert.equal(questions.ask('a', '1', 'ping', 0), true);
    assert.equal(questions.answered('b', '1'), null);
    assert.equal(questions.answered('a', '2'), null);
    assert.equal(questions.answered('a', '1'), 'ping');
    assert.equal(questions.answered('a', '1'), null);
    questions.ask('a', '1', 'ping', 0);
    questions.forget('a');
    assert.equal(questions.answered('a', '1'), null);
  });

  test('so many of a session wait, and an answer makes room', () => {
    const questions = new Questions();
    for (let id = 0; id < 256; id += 1) assert.ok(questions.ask('a', `${id}`, 'ping', 0));
    assert.equal(questions.ask('a', 'more', 'ping', minuteMs), false);
    assert.equal(questions.ask('b', 'more', 'ping', 0), true);
    questions.answered('a', '0');
    assert.equal(questions.ask('a', 'more', 'ping', 0), true);
  });

  test('so many of a session count in a minute', () => {
    const questions = new Questions();
    for (let asked = 0; asked < 256; asked += 1) assert.ok(questions.count('a', asked));
    assert.equal(questions.count('a', minuteMs - 1), false);
    assert.equal(questions.count('b', minuteMs - 1), true);
    assert.equal(questions.count('a', minuteMs), true);
  });

  test('sessions without end are not all remembered', () => {
    const questions = new Questions();
    for (let session = 0; session <= 20_000; session += 1) {
      questions.ask(`${session}`, '1', 'ping', 0);
    }
    assert.equal(questions.answered('0', '1'), null);
    assert.equal(questions.answered('1', '1'), 'ping');
    assert.equal(questions.answered('20000', '1'), 'ping');
  });
});
