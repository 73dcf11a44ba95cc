import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBody } from './decode.ts';
import {
  checkMirroredHeaders,
  decodeHeaderValue,
  encodeHeaderValue,
  mirroredHeaders,
} from './headers.ts';
import type { MirroredParam } from './headers.ts';
import type { NotificationMessage, RequestMessage } from './message.ts';

const LIMITS = { bytesMax: 1e6, depthMax: 64, valuesMax: 1e4, stringMax: 1e5 };
const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };

function message(
  method: string,
  params: object,
  id: number | null = 1,
): RequestMessage | NotificationMessage {
  const body = {
    jsonrpc: '2.0',
    ...(id === null ? {} : { id }),
    method,
    params: { ...params, _meta: META },
  };
  const decoded = decodeBody(new TextEncoder().encode(JSON.stringify(body)), LIMITS);
  assert(decoded.ok && decoded.value.kind === 'single');
  assert(decoded.value.message.kind !== 'response');
  return decoded.value.message;
}

const V = ['MCP-Protocol-Version', '2026-07-28'];
const M = ['Mcp-Method', 'tools/call'];
const N = ['Mcp-Name', 'echo'];
const call = message('tools/call', { name: 'echo', arguments: {} });

test('headers must say what the body says', () => {
  const cases: readonly (readonly [headers: readonly string[], expected: string | null])[] = [
    [[...V, ...M, ...N], null],
    [
      ['mcp-protocol-version', '2026-07-28', 'MCP-METHOD', ' tools/call\t', 'mcp-name', ' echo '],
      null,
    ],
    [[...V, ...M, ...N, 'Mcp-Param-Unknown', 'x', 'X-Other', 'é'], null],
    [[...V, ...M, 'Mcp-Name', '=?base64?ZWNobw==?='], null],
    [[...M, ...N], 'header-missing mcp-protocol-version'],
    [[...V, ...N], 'header-missing mcp-method'],
    [[...V, ...M], 'header-missing mcp-name'],
    [[], 'header-missing mcp-protocol-version'],
    [['MCP-Protocol-Version', '2025-11-25', ...M, ...N], 'header-mismatch mcp-protocol-version'],
    [[...V, 'Mcp-Method', 'tools/list', ...N], 'header-mismatch mcp-method'],
    [[...V, 'Mcp-Method', 'Tools/Call', ...N], 'header-mismatch mcp-method'],
    [[...V, 'Mcp-Method', '', ...N], 'header-mismatch mcp-method'],
    [[...V, ...M, 'Mcp-Name', 'Echo'], 'header-mismatch mcp-name'],
    [[...V, ...M, 'Mcp-Name', 'safe'], 'header-mismatch mcp-name'],
    [[...V, ...M, 'Mcp-Name', 'echo, echo'], 'header-mismatch mcp-name'],
    [[...V, ...M, 'Mcp-Name', ''], 'header-mismatch mcp-name'],
    [[...V, ...M, 'Mcp-Name', '=?base64?c2FmZQ==?='], 'header-mismatch mcp-name'],
    [[...V, ...M, 'Mcp-Name', '=?BASE64?ZWNobw==?='], 'header-mismatch mcp-name'],
    [[...V, ...M, 'Mcp-Name', '=?base64?ZWNobw?='], 'header-invalid mcp-name'],
    [[...V, ...M, 'Mcp-Name', '=?base64?ZWNobx==?='], 'header-invalid mcp-name'],
    [[...V, ...M, 'Mcp-Name', '=?base64?_w==?='], 'header-invalid mcp-name'],
    [[...V, ...M, 'Mcp-Name', '=?base64?/w==?='], 'header-invalid mcp-name'],
    [[...V, ...M, 'Mcp-Name', 'ech\u00f6'], 'header-invalid mcp-name'],
    [[...V, ...M, 'Mcp-Name', 'ec\u0001ho'], 'header-invalid mcp-name'],
    [[...V, 'Mcp-Method', '=?base64?dG9vbHMvY2FsbA==?=', ...N], 'header-invalid mcp-method'],
    [[...V, ...M, ...N, ...N], 'header-duplicated mcp-name'],
    [[...V, ...M, ...N, 'MCP-NAME', 'evil'], 'header-duplicated mcp-name'],
    [[...V, ...M, ...M, ...N], 'header-duplicated mcp-method'],
    [[...V, ...V, ...M, ...N], 'header-duplicated mcp-protocol-version'],
    [[...V, ...M, ...N, 'Mcp-Param-A', '1', 'mcp-param-a', '1'], 'header-duplicated mcp-param-a'],
  ];
  for (const [headers, expected] of cases) {
    const found = checkMirroredHeaders(headers, call);
    assert.equal(
      found === null ? null : `${found.reason} ${found.header}`,
      expected,
      headers.join('|'),
    );
    if (found !== null) assert.equal(found.code, -32020);
  }
});

test('which member `Mcp-Name` mirrors is the table of methods', () => {
  const cases: readonly (readonly [string, object, string | null, string | null])[] = [
    ['resources/read', { uri: 'file:///é' }, '=?base64?ZmlsZTovLy/DqQ==?=', null],
    ['resources/read', { uri: 'file:///a', name: 'b' }, 'b', 'header-mismatch'],
    ['prompts/get', { name: 'p' }, 'p', null],
    ['prompts/get', { name: 'p' }, null, 'header-missing'],
    ['tasks/get', { taskId: 't' }, 't', null],
    ['tasks/cancel', { taskId: 't' }, 'u', 'header-mismatch'],
    ['tools/list', {}, null, null],
    ['tools/list', { name: 'x' }, null, null],
    ['tools/call', {}, 'x', 'header-mismatch'],
    ['tools/call', {}, null, null],
    ['tools/call', { name: 5 }, '5', 'header-mismatch'],
    ['tools/call', { name: null }, 'null', 'header-mismatch'],
  ];
  for (const [method, params, header, reason] of cases) {
    const headers = [...V, 'Mcp-Method', method, ...(header === null ? [] : ['Mcp-Name', header])];
    const found = checkMirroredHeaders(headers, message(method, params));
    assert.equal(found?.reason ?? null, reason, `${method} ${JSON.stringify(params)} ${header}`);
  }
});

test('a notification needs no header, but what it has must agree', () => {
  const note = message('notifications/cancelled', { requestId: 1 }, null);
  assert.equal(checkMirroredHeaders([], note), null);
  assert.equal(checkMirroredHeaders([...V, 'Mcp-Method', 'notifications/cancelled'], note), null);
  assert.equal(checkMirroredHeaders([...V, ...M], note)?.reason, 'header-mismatch');
});

const PARAMS: readonly MirroredParam[] = [
  { header: 'mcp-param-region', path: ['region'], type: 'string' },
  { header: 'mcp-param-count', path: ['deep', 'count'], type: 'integer' },
  { header: 'mcp-param-dry', path: ['dry'], type: 'boolean' },
];

test('mirrored arguments', () => {
  const cases: readonly (readonly [
    args: unknown,
    headers: Record<string, string>,
    string | null,
  ])[] = [
    [{}, {}, null],
    [undefined, {}, null],
    [{ region: null }, {}, null],
    [{ region: null }, { 'Mcp-Param-Region': 'eu' }, 'header-mismatch'],
    [{}, { 'Mcp-Param-Region': 'eu' }, 'header-mismatch'],
    [undefined, { 'Mcp-Param-Region': '' }, 'header-mismatch'],
    [{ region: 'eu' }, { 'Mcp-Param-Region': 'eu' }, null],
    [{ region: 'é' }, { 'Mcp-Param-Region': '=?base64?w6k=?=' }, null],
    [{ region: '' }, { 'Mcp-Param-Region': '=?base64??=' }, null],
    [{ region: 'eu' }, {}, 'header-missing'],
    [{ region: 'eu' }, { 'Mcp-Param-Region': 'EU' }, 'header-mismatch'],
    [{ region: 'eu' }, { 'Mcp-Param-Region': '=?base64?ZXU?=' }, 'header-invalid'],
    [{ region: 5 }, { 'Mcp-Param-Region': '5' }, null],
    [{ region: ['eu'] }, { 'Mcp-Param-Region': 'eu' }, 'header-mismatch'],
    [{ region: ['eu'] }, {}, null],
    [{ deep: { count: 42 } }, { 'Mcp-Param-Count': '42' }, null],
    [{ deep: { count: 42 } }, { 'Mcp-Param-Count': '42.0' }, null],
    [{ deep: { count: 42 } }, { 'Mcp-Param-Count': '=?base64?NDI=?=' }, null],
    [{ deep: { count: 42 } }, { 'Mcp-Param-Count': '43' }, 'header-mismatch'],
    [{ deep: { count: 42 } }, { 'Mcp-Param-Count': '0x2a' }, 'header-mismatch'],
    [{ deep: { count: 42 } }, { 'Mcp-Param-Count': '4.2e1' }, 'header-mismatch'],
    [{ deep: { count: 42 } }, { 'Mcp-Param-Count': '42.0000000000000000001' }, 'header-mismatch'],
    [{ deep: { count: 42 } }, {}, 'header-missing'],
    [{ deep: 'x' }, {}, null],
    [{ dry: true }, { 'Mcp-Param-Dry': 'true' }, null],
    [{ dry: true }, { 'Mcp-Param-Dry': 'True' }, 'header-mismatch'],
    [{ dry: false }, { 'Mcp-Param-Dry': 'true' }, 'header-mismatch'],
    [{ constructor: 'x' }, {}, null],
  ];
  for (const [args, headers, reason] of cases) {
    const raw = [...V, ...M, ...N, ...Object.entries(headers).flat()];
    const body = message('tools/call', { name: 'echo', arguments: args });
    assert.equal(
      checkMirroredHeaders(raw, body, PARAMS)?.reason ?? null,
      reason,
      JSON.stringify([args, headers]),
    );
  }
});

test('the headers that are made pass the check, and come from the body alone', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', ' a', '=?base64?eA==?=', 'a\tb', '\n'),
  );
  const property = fc.property(text, text, fc.integer(), (name, region, count) => {
    const body = message('tools/call', { name, arguments: { region, deep: { count } } });
    const headers = mirroredHeaders(body, PARAMS);
    assert.equal(checkMirroredHeaders(Object.entries(headers).flat(), body, PARAMS), null);
    for (const value of Object.values(headers)) assert.match(value, /^[\x20-\x7e\t]+$/);
  });
  fc.assert(property, { numRuns: 1000 });
  assert.deepEqual(mirroredHeaders(call, PARAMS), {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'echo',
  });
});

test('a header value is plain or a sentinel, and comes back', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['a b', 'a b'],
    ['', '=?base64??='],
    [' a', '=?base64?IGE=?='],
    ['é', '=?base64?w6k=?='],
    ['a\r\nX: y', '=?base64?YQ0KWDogeQ==?='],
    ['=?base64?eA==?=', '=?base64?PT9iYXNlNjQ/ZUE9PT89?='],
  ];
  for (const [value, header] of cases) {
    assert.equal(encodeHeaderValue(value), header, JSON.stringify(value));
    assert.equal(decodeHeaderValue(header), value);
  }
});

// Quadratic work on values of this length would not end within the time that a test may take.
test('long values take linear time', () => {
  const padded = `a${' '.repeat(2_000_000)}b`;
  checkMirroredHeaders([...V, ...M, 'Mcp-Name', padded], call);
  const long = 'é'.repeat(200_000);
  assert.equal(decodeHeaderValue(encodeHeaderValue(long))?.length, long.length);
});
