import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { peekAnswer } from './answer.ts';
import type { Answer } from './answer.ts';

function peek(text: string): Answer {
  return peekAnswer(new TextEncoder().encode(text));
}

test('the outline of what servers send', () => {
  const cases: readonly (readonly [string, Partial<Answer>])[] = [
    ['{"jsonrpc":"2.0","id":1,"result":{}}', { kind: 'response', id: '1', isError: false }],
    [
      '{"jsonrpc":"2.0","id":0,"result":{"isError":true}}',
      { kind: 'response', id: '0', isError: true },
    ],
    [
      '{"jsonrpc":"2.0","id":"","result":{"isError":"true"}}',
      { kind: 'response', id: '""', isError: false },
    ],
    ['{"jsonrpc":"2.0","id":1,"result":{"isError":false}}', { kind: 'response', isError: false }],
    [
      '{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{},"requestState":"x"}}',
      { kind: 'response', resultType: 'input_required', inputRequests: true },
    ],
    [
      '{"jsonrpc":"2.0","id":1,"result":{"_meta":{"isError":true}}}',
      { kind: 'response', isError: false },
    ],
    ['{"jsonrpc":"2.0","id":1,"result":{"content":[{"isError":true}]}}', { isError: false }],
    [
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x"}}',
      { kind: 'response', errorCode: -32601 },
    ],
    [
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32700}}',
      { kind: 'response', id: null, errorCode: -32700 },
    ],
    [
      '{"jsonrpc":"2.0","error":{"code":-32700}}',
      { kind: 'response', id: null, errorCode: -32700 },
    ],
    ['{"jsonrpc":"2.0","id":"a","method":"ping"}', { kind: 'request', id: '"a"', method: 'ping' }],
    [
      '{"jsonrpc":"2.0","method":"notifications/x","params":{}}',
      { kind: 'notification', method: 'notifications/x' },
    ],
    [
      '\n{"jsonrpc":"2.0","id":1,"result":{},"unknown":[{"id":2}]}\r\n',
      { kind: 'response', id: '1' },
    ],
    ['{"jsonrpc":"2.0","id":1,"result":{"x":1,"x":2}}', { kind: 'response' }],
    ['{"jsonrpc":"2.0","id":1,"result":{"y":"\\"}{"}}', { kind: 'response' }],
  ];
  for (const [text, expected] of cases) {
    const answer = peek(text);
    for (const [key, value] of Object.entries(expected)) {
      assert.equal(
        new Map<string, unknown>(Object.entries(answer)).get(key),
        value,
        `${text} ${key}`,
      );
    }
  }
});

test('spans lead to the parts', () => {
  const text = '{"jsonrpc":"2.0","id":"é","result":{"a":"中","requestState":"s\\n"},"z":0}';
  const answer = peek(text);
  const at = (span: Answer['idSpan']) =>
    span === null ? null : answer.text.slice(span.start, span.end);
  assert.equal(at(answer.idSpan), '"é"');
  assert.equal(at(answer.resultSpan), '{"a":"中","requestState":"s\\n"}');
  assert.equal(at(answer.requestStateSpan), '"s\\n"');
  const error = peek('{"jsonrpc":"2.0","id":1,"error":{"code":5,"message":"m"}}');
  assert.equal(
    error.text.slice(error.errorSpan?.start, error.errorSpan?.end),
    '{"code":5,"message":"m"}',
  );
  const call = peek('{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1}}');
  assert.equal(call.text.slice(call.paramsSpan?.start, call.paramsSpan?.end), '{"a":1}');
});

test('what can be read in two ways is invalid', () => {
  const cases = [
    '',
    '[]',
    '[{"jsonrpc":"2.0","id":1,"result":{}}]',
    'null',
    '{}',
    '{"jsonrpc":"2.0"',
    '{"jsonrpc":"2.0","id":1,"result":{}}}',
    '{"jsonrpc":"2.0","id":1,"result":{}} {}',
    '{"jsonrpc":"2.0","id":1,"result":{},}',
    '{"jsonrpc":"2.0","id":1,"result":{]}',
    '{"jsonrpc":"2.0","id":1,"result":{"x":"}}',
    '\uFEFF{"jsonrpc":"2.0","id":1,"result":{}}',
    '{"jsonrpc":"1.0","id":1,"result":{}}',
    '{"id":1,"result":{}}',
    '{"jsonrpc":"2.0","id":1,"id":2,"result":{}}',
    '{"jsonrpc":"2.0","id":1,"i\\u0064":2,"result":{}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"result":{}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"Result":{}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"ID":2}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"method":"x"}',
    '{"jsonrpc":"2.0","id":1,"result":[]}',
    '{"jsonrpc":"2.0","id":1,"result":null}',
    '{"jsonrpc":"2.0","id":null,"result":{}}',
    '{"jsonrpc":"2.0","id":true,"result":{}}',
    '{"jsonrpc":"2.0","id":{},"result":{}}',
    '{"jsonrpc":"2.0","result":{}}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"error":{}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":"x"}}',
    '{"jsonrpc":"2.0","id":1,"error":"x"}',
    '{"jsonrpc":"2.0","id":null,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"method":5}',
    '{"jsonrpc":"2.0","id":1,"method":"m","params":[]}',
    '{"jsonrpc":"2.0","id":1,"result":{"isError":false,"isError":true}}',
    '{"jsonrpc":"2.0","id":1,"result":{"isError":false,"IsError":true}}',
    '{"jsonrpc":"2.0","id":1,"result":{"tools":[],"tools":[{}]}}',
    '{"jsonrpc":"2.0","id":1,"result":{"content":[],"Content":[]}}',
    '{"jsonrpc":"2.0","id":1,"result":{"resultType":5}}',
  ];
  for (const text of cases) assert.equal(peek(text).kind, 'invalid', text);
  assert.equal(peekAnswer(Uint8Array.of(0x7b, 0xff, 0x7d)).kind, 'invalid');
});

test('arbitrary bytes never throw', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ':',
    ',',
    '"jsonrpc":"2.0"',
    '"id":1',
    '"result":{',
    ' ',
    '\\u',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (list) => {
      const { kind, resultSpan } = peek(list.join(''));
      assert(kind === 'invalid' || kind === 'response');
      assert(kind === 'invalid' || resultSpan !== null);
    }),
    { numRuns: 5000 },
  );
});

// Reading every element again for each one would not end within the time that a test may take.
test('a long answer is read in one pass', () => {
  const items = Array.from({ length: 150_000 }, (_, n) => ({
    type: 'text',
    text: `item ${n}`,
    n,
    ok: true,
  }));
  const bytes = new TextEncoder().encode(
    JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: items } }),
  );
  assert.equal(peekAnswer(bytes).kind, 'response');
});
