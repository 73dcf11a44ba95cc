import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBody, idKey } from './decode.ts';
import type { DecodeProblem } from './decode.ts';
import type { Message } from './message.ts';

const LIMITS = { bytesMax: 1e6, depthMax: 64, valuesMax: 1e4, stringMax: 1e5 };
const VERSION = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';

function decode(text: string): ReturnType<typeof decodeBody> {
  return decodeBody(new TextEncoder().encode(text), LIMITS);
}

function single(text: string): Message {
  const body = decode(text);
  assert(body.ok && body.value.kind === 'single', `${text} ${JSON.stringify(body)}`);
  return body.value.message;
}

function problem(text: string): DecodeProblem {
  const body = decode(text);
  assert(!body.ok, text);
  return body.error;
}

test('kind, era, id and method are told from the body', () => {
  const cases: readonly (readonly [text: string, kind: string, era: string, id: string | null])[] =
    [
      ['{"jsonrpc":"2.0","id":1,"method":"ping"}', 'request', 'legacy', '1'],
      ['{"jsonrpc":"2.0","id":0,"method":"ping"}', 'request', 'legacy', '0'],
      ['{"jsonrpc":"2.0","id":"","method":"ping"}', 'request', 'legacy', '""'],
      ['{"jsonrpc":"2.0","id":"a\\u0062","method":"p"}', 'request', 'legacy', '"a\\u0062"'],
      ['{"jsonrpc":"2.0","id":1.50,"method":"ping"}', 'request', 'legacy', '1.50'],
      ['{"jsonrpc":"2.0","id":-1e3,"method":"ping"}', 'request', 'legacy', '-1e3'],
      [
        '{"id":9007199254740993,"jsonrpc":"2.0","method":"p"}',
        'request',
        'legacy',
        '9007199254740993',
      ],
      [' {"\\u006a\\u0073onrpc":"2.\\u0030","id":1,"method":"p"} ', 'request', 'legacy', '1'],
      ['{"jsonrpc":"2.0","method":"notifications/initialized"}', 'notification', 'legacy', null],
      ['{"jsonrpc":"2.0","id":7,"result":{}}', 'response', 'legacy', '7'],
      ['{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":""}}', 'response', 'legacy', '7'],
      [`{"jsonrpc":"2.0","id":1,"method":"p","params":{${VERSION}}}`, 'request', 'modern', '1'],
      [`{"jsonrpc":"2.0","method":"p","params":{${VERSION}}}`, 'notification', 'modern', null],
      ['{"jsonrpc":"2.0","id":1,"method":"p","params":{"_meta":{}}}', 'request', 'legacy', '1'],
      ['{"jsonrpc":"2.0","id":1,"method":"p","extra":{"Method":1}}', 'request', 'legacy', '1'],
      [
        '{"jsonrpc":"2.0","id":1,"method":"p","params":{"arguments":{"Name":1,"_META":2}}}',
        'request',
        'legacy',
        '1',
      ],
    ];
  for (const [text, kind, era, id] of cases) {
    const message = single(text);
    assert.equal(message.kind, kind, text);
    assert.equal(message.era, era, text);
    assert.equal(message.kind === 'notification' ? null : message.id, id, text);
    assert.equal(message.protocolVersion, era === 'modern' ? '2026-07-28' : null, text);
  }
});

test('what is no message is refused for its reason, with the id where it can be told', () => {
  const m = '"jsonrpc":"2.0","id":5,"method":"tools/call"';
  const cases: readonly (readonly [string, reason: string, code: number, id: string | null])[] = [
    ['{', 'syntax', -32700, null],
    ['\uFEFF{}', 'byte-order-mark', -32700, null],
    [`{${m},"method":"x"}`, 'duplicate-key', -32600, null],
    ['5', 'not-an-object', -32600, null],
    ['"x"', 'not-an-object', -32600, null],
    ['{}', 'jsonrpc-version', -32600, null],
    ['{"id":5,"method":"p"}', 'jsonrpc-version', -32600, '5'],
    ['{"jsonrpc":"1.0","id":5,"method":"p"}', 'jsonrpc-version', -32600, '5'],
    ['{"jsonrpc":2.0,"id":"x","method":"p"}', 'jsonrpc-version', -32600, '"x"'],
    ['{"jsonrpc":"2.0 ","id":5,"method":"p"}', 'jsonrpc-version', -32600, '5'],
    ['{"jsonrpc":["2.0"],"id":5,"method":"p"}', 'jsonrpc-version', -32600, '5'],
    ['{"jsonrpc":"2.0","id":null,"method":"p"}', 'id-invalid', -32600, null],
    ['{"jsonrpc":"2.0","id":true,"method":"p"}', 'id-invalid', -32600, null],
    ['{"jsonrpc":"2.0","id":{},"method":"p"}', 'id-invalid', -32600, null],
    ['{"jsonrpc":"2.0","id":[],"method":"p"}', 'id-invalid', -32600, null],
    ['{"jsonrpc":"2.0","id":[1],"method":"p"}', 'id-invalid', -32600, null],
    ['{"jsonrpc":"2.0","id":1e400,"method":"p"}', 'id-invalid', -32600, null],
    [`{"jsonrpc":"2.0","id":"${'x'.repeat(1023)}","method":"p"}`, 'id-invalid', -32600, null],
    ['{"jsonrpc":"2.0","id":5,"method":""}', 'method-invalid', -32600, '5'],
    ['{"jsonrpc":"2.0","id":5,"method":null}', 'method-invalid', -32600, '5'],
    ['{"jsonrpc":"2.0","id":5,"method":["tools/call"]}', 'method-invalid', -32600, '5'],
    [`{"jsonrpc":"2.0","id":5,"method":"${'m'.repeat(257)}"}`, 'method-invalid', -32600, '5'],
    ['{"jsonrpc":"2.0","id":5}', 'method-invalid', -32600, '5'],
    ['{"jsonrpc":"2.0"}', 'method-invalid', -32600, null],
    [`{${m},"result":{}}`, 'not-one-kind', -32600, '5'],
    [`{${m},"error":{}}`, 'not-one-kind', -32600, '5'],
    ['{"jsonrpc":"2.0","id":5,"result":{},"error":{}}', 'result-or-error', -32600, '5'],
    ['{"jsonrpc":"2.0","id":5,"result":null}', 'result-or-error', -32600, '5'],
    ['{"jsonrpc":"2.0","id":5,"result":[]}', 'result-or-error', -32600, '5'],
    ['{"jsonrpc":"2.0","id":5,"error":"x"}', 'result-or-error', -32600, '5'],
    ['{"jsonrpc":"2.0","id":5,"result":{},"params":{}}', 'result-or-error', -32600, '5'],
    ['{"jsonrpc":"2.0","result":{}}', 'id-missing', -32600, null],
    ['{"jsonrpc":"2.0","id":null,"error":{}}', 'id-invalid', -32600, null],
    [`{${m},"params":[]}`, 'params-invalid', -32602, '5'],
    [`{${m},"params":null}`, 'params-invalid', -32602, '5'],
    [`{${m},"params":"x"}`, 'params-invalid', -32602, '5'],
    [`{${m},"params":{"_meta":null}}`, 'meta-invalid', -32602, '5'],
    [`{${m},"params":{"_meta":[]}}`, 'meta-invalid', -32602, '5'],
    [
      `{${m},"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":20260728}}}`,
      'meta-invalid',
      -32602,
      '5',
    ],
  ];
  for (const [text, reason, code, id] of cases) {
    const found = problem(text);
    assert.deepEqual(
      { reason: found.reason, code: found.code, id: found.id },
      { reason, code, id },
      text,
    );
  }
});

test('what a careless reader takes for a protocol key is refused', () => {
  const root = [
    'Method',
    'METHOD',
    'Id',
    'ıd',
    'İd',
    'ＩＤ',
    'PARAMS',
    'ｍethod',
    'JsonRPC',
    'reſult',
    'Error',
  ];
  for (const key of root) {
    const message = { jsonrpc: '2.0', id: 5, method: 'tools/call', [key]: 'x' };
    assert.equal(problem(JSON.stringify(message)).reason, 'member-variant', key);
  }
  const params = [
    'Name',
    'NAME',
    'ｎame',
    'Arguments',
    'argumentſ',
    'URI',
    '_Meta',
    '_META',
    'Cursor',
    'requeststate',
    'TaskId',
    'taskID',
  ];
  for (const key of params) {
    const text = JSON.stringify({
      jsonrpc: '2.0',
      id: 5,
      method: 'm',
      params: { name: 'a', [key]: 'x' },
    });
    assert.deepEqual(
      { reason: problem(text).reason, code: problem(text).code, id: problem(text).id },
      { reason: 'member-variant', code: -32602, id: '5' },
      key,
    );
  }
  const meta = [
    'io.modelcontextprotocol/ProtocolVersion',
    'IO.modelcontextprotocol/protocolVersion',
    'ProgressToken',
  ];
  for (const key of meta) {
    const text = JSON.stringify({
      jsonrpc: '2.0',
      id: 5,
      method: 'm',
      params: { _meta: { [key]: 'x' } },
    });
    assert.equal(problem(text).reason, 'member-variant', key);
  }
  // Keys that only resemble them are the application's own.
  single(
    '{"jsonrpc":"2.0","id":5,"method":"m","names":1,"params":{"nаme":1,"names":2,"x-name":3}}',
  );
});

test('spans lead to the judged text, and unsafe numbers are NaN', () => {
  const text =
    '{"jsonrpc":"2.0","params":{"name":"é","arguments":{"n":9007199254740993}},"id":"ß","method":"m"}';
  const message = single(text);
  assert(message.kind === 'request' && message.paramsSpan !== null);
  const at = (span: { start: number; end: number }) => text.slice(span.start, span.end);
  assert.equal(at(message.idSpan), '"ß"');
  assert.equal(at(message.methodSpan), '"m"');
  assert.equal(at(message.paramsSpan), '{"name":"é","arguments":{"n":9007199254740993}}');
  assert.deepEqual(message.params, { name: 'é', arguments: { n: NaN } });
});

test('a batch is one list of messages, each with its own text', () => {
  const a = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"é"}}';
  const b = '{"jsonrpc":"2.0","method":"notifications/x"}';
  const c = '{"jsonrpc":"2.0","id":"1","result":{}}';
  const body = decode(` [ ${a} ,${b},\n${c}]`);
  assert(body.ok && body.value.kind === 'batch');
  assert.deepEqual(
    body.value.messages.map((message) => new TextDecoder().decode(message.text.bytes)),
    [a, b, c],
  );
  assert.deepEqual(
    body.value.messages.map((message) => message.kind),
    ['request', 'notification', 'response'],
  );
});

test('a batch with one bad part is refused as a whole', () => {
  const ok = '{"jsonrpc":"2.0","id":1,"method":"p"}';
  const cases: readonly (readonly [string, string])[] = [
    ['[]', 'batch-empty'],
    [`[[${ok}]]`, 'batch-nested'],
    [`[${ok},[]]`, 'batch-nested'],
    [`[${ok},1]`, 'not-an-object'],
    [`[${ok},{}]`, 'jsonrpc-version'],
    [`[${ok},{"jsonrpc":"2.0","id":1.0,"method":"q"}]`, 'batch-duplicate-id'],
    ['[{"jsonrpc":"2.0","id":1,"method":"initialize"}]', 'batch-initialize'],
    [`[{"jsonrpc":"2.0","id":1,"method":"p","params":{${VERSION}}}]`, 'batch-modern'],
    [
      `[${Array.from({ length: 101 }, () => '{"jsonrpc":"2.0","method":"p"}').join(',')}]`,
      'batch-too-long',
    ],
  ];
  for (const [text, reason] of cases) assert.equal(problem(text).reason, reason, text);
});

test('ids that mean the same have one key, others have not', () => {
  const groups = [
    ['1', '1.0', '10e-1'],
    ['"1"', '"\\u0031"'],
    ['0', '-0'],
    ['""'],
    ['"a/b"', '"a\\/b"'],
    ['9007199254740993'],
    ['9007199254740992'],
    ['"\\\\u0031"'],
  ];
  const keys = groups.map((group) => new Set(group.map(idKey)));
  for (const [n, group] of keys.entries()) assert.equal(group.size, 1, groups[n]?.join(' '));
  assert.equal(new Set(keys.flatMap((group) => [...group])).size, groups.length);
});

test('whatever is decoded, the text is the bytes and the parts agree with JSON.parse', () => {
  const part = fc.jsonValue({ maxDepth: 2 });
  const keys = fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'result', 'error', 'x', 'Id');
  const messages = fc.dictionary(keys, fc.oneof(part, fc.constantFrom('2.0', 1, 'tools/call', {})));
  const property = fc.property(messages, (object) => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...object });
    const body = decode(text);
    if (!body.ok || body.value.kind === 'batch') return;
    const { message } = body.value;
    const parsed: unknown = JSON.parse(text, carried);
    assert(typeof parsed === 'object' && parsed !== null);
    const entry = new Map<string, unknown>(Object.entries(parsed));
    assert.equal(entry.has('method'), message.kind !== 'response');
    assert.equal(entry.has('id'), message.kind !== 'notification');
    if (message.kind !== 'response') assert.equal(message.method, entry.get('method'));
    if (message.kind !== 'response') assert.deepEqual(message.params, entry.get('params'));
    if (message.kind !== 'notification') {
      assert.equal(JSON.parse(message.id, carried), entry.get('id'));
    }
  });
  fc.assert(property, { numRuns: 3000 });
});

/** Integers that a double may have rounded, and what is too small for its digits, are NaN. */
function carried(_key: string, value: unknown): unknown {
  if (typeof value !== 'number' || value === 0) return value;
  if (Math.abs(value) < 2.2250738585072014e-308) return NaN;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? NaN : value;
}
