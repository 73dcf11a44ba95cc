import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sayThrown } from './bug.ts';

interface Said {
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly log: readonly string[];
  readonly code: unknown;
}

function said(error: unknown, { json = false, serves = false } = {}): Said {
  const out: string[] = [];
  const errors: string[] = [];
  const log: string[] = [];
  const io = { out: (line: string) => out.push(line), err: (line: string) => errors.push(line) };
  const keep = (event: string, fields: object = {}): void => {
    log.push(`${event} ${JSON.stringify(fields)}`);
  };
  const before = process.exitCode;
  sayThrown(io, error, {
    command: 'audit search',
    version: '1.2.3',
    json,
    log: serves ? { info: keep, warn: keep, error: keep } : null,
  });
  const code = process.exitCode;
  process.exitCode = before;
  return { out, err: errors, log, code };
}

const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
  code: 'ENOSPC',
  syscall: 'write',
});

function ringOf(error: Error): Error {
  error.cause = error;
  return error;
}

const cases: readonly (readonly [string, unknown, number, string, RegExp])[] = [
  ['an error', new TypeError('x is no function'), 3, 'bug', /TypeError: x is no function; please/],
  ['lines and a cursor', new Error('a\n\u001b[2J b'), 3, 'bug', /Error: a \\u001b\[2J b; please/],
  ['no error at all', undefined, 3, 'bug', /part of its work: undefined; please report/],
  ['what has no text', Object.create(null), 3, 'bug', /part of its work: \[Object: null/],
  ['the operating system', full, 2, 'system', /`audit search` could not be .*ENOSPC: no space/],
  ['what it caused', new Error('failed', { cause: full }), 2, 'system', /Error: failed$/],
  ['several of it', new AggregateError([full, full]), 2, 'system', /: ENOSPC: .*, ENOSPC: /],
  ['a ring of causes', ringOf(new Error('round')), 3, 'bug', /Error: round; please/],
];
for (const [what, error, code, name, message] of cases) {
  test(`thrown: ${what}`, () => {
    const plain = said(error);
    assert.deepEqual([plain.code, plain.out, plain.err.length], [code, [], 1]);
    assert.match(plain.err[0] ?? '', /^portcullis: `audit search` [\x20-\x7e]*$/);
    assert.match(plain.err[0] ?? '', message);
    const json = said(error, { json: true });
    assert.deepEqual([json.code, json.err, json.out.length], [code, [], 1]);
    const answer = JSON.parse(json.out[0] ?? '').error;
    assert.equal(answer.code, name);
    assert.match(answer.message, message);
  });
}

test('what serves keeps in its log where it was, without the message', () => {
  const { log, err } = said(new Error('a secret'), { serves: true });
  assert.equal(log.length, 1);
  assert.match(log[0] ?? '', /"where":"at .*bug\.test\.ts:/);
  assert.doesNotMatch(log[0] ?? '', /secret/);
  assert.doesNotMatch(err[0] ?? '', /bug\.test\.ts/);
});
