import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorResponse, notification, request, resultResponse, toolRefusal } from './encode.ts';

test('messages are exactly these texts', () => {
  const meta = { 'a/decision': { code: 'x', retryAfterMs: 5 } };
  const content = '"content":[{"type":"text","text":"no \\"way\\"\\n"}],"isError":true';
  const tail = `${content},"_meta":{"a/decision":{"code":"x","retryAfterMs":5}}}}`;
  const text = 'no "way"\n';
  const cases: readonly (readonly [actual: string, expected: string])[] = [
    [
      errorResponse('1.50', -32601, 'method not found'),
      '{"jsonrpc":"2.0","id":1.50,"error":{"code":-32601,"message":"method not found"}}',
    ],
    [
      errorResponse(null, -32700, 'p', { a: [1] }),
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"p","data":{"a":[1]}}}',
    ],
    [resultResponse('"é"', '{"x":1.0}'), '{"jsonrpc":"2.0","id":"é","result":{"x":1.0}}'],
    [
      toolRefusal({ id: '0', era: 'legacy', text, meta }),
      `{"jsonrpc":"2.0","id":0,"result":{${tail}`,
    ],
    [
      toolRefusal({ id: '"a"', era: 'modern', text, meta }),
      `{"jsonrpc":"2.0","id":"a","result":{"resultType":"complete",${tail}`,
    ],
    [notification('notifications/x'), '{"jsonrpc":"2.0","method":"notifications/x"}'],
    [notification('n', '{"a":1.0}'), '{"jsonrpc":"2.0","method":"n","params":{"a":1.0}}'],
    [request('"g1"', 'm', '{}'), '{"jsonrpc":"2.0","id":"g1","method":"m","params":{}}'],
    [request('2', 'm'), '{"jsonrpc":"2.0","id":2,"method":"m"}'],
  ];
  for (const [actual, expected] of cases) assert.equal(actual, expected);
});
