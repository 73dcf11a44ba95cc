import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { openControl, operatorKey } from '../../test/support/control.ts';

const stand = await openControl();
after(() => stand.close());
const { api } = stand;
const form = 'application/x-www-form-urlencoded';

const signIns: readonly [what: string, type: string, body: string, status: number][] = [
  ['the key', form, `key=${operatorKey}`, 303],
  ['the key, with a charset', `${form};charset=UTF-8`, `key=${operatorKey}`, 303],
  ['another key', form, 'key=other', 403],
  ['no key', form, '', 403],
  ['a long body', form, `key=${operatorKey}&more=${'x'.repeat(5_000)}`, 413],
  ['another kind of body', 'multipart/form-data; boundary=b', '--b--', 415],
];
for (const [what, type, body, status] of signIns) {
  test(`a sign-in with ${what}: ${status}`, async () => {
    const length = String(Buffer.byteLength(body));
    const headers = { 'content-type': type, 'content-length': length };
    const answer = await api.request('/sign-in', { method: 'POST', headers, body });
    assert.equal(answer.status, status);
    assert.equal(answer.headers.has('set-cookie'), status === 303);
  });
}

test('a sign-in of unknown length is not read', async () => {
  let taken = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      taken += 1;
      controller.enqueue(new Uint8Array(65_536));
    },
  });
  const headers = { 'content-type': form, 'transfer-encoding': 'chunked' };
  // `duplex` is in the standard and in Node, and not yet in the types.
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  assert.equal((await api.request('/sign-in', init)).status, 413);
  assert.ok(taken < 4);
});
