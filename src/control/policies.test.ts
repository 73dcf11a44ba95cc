import assert from 'node:assert/strict';
import { test } from 'node:test';

import { suiteStands, type Answer, type ControlStand } from '../../test/support/control.ts';

const open = suiteStands();

const path = '/api/v1/policies/work';
const first = '{"version":"1","default":"deny","tools":{"read_file":{}}}';
const second = '{"version":"1","default":"deny","tools":{"read_file":{},"write_file":{}}}';

function save(stand: ControlStand, document: string, basis: number): Promise<Answer> {
  return stand.ask('PUT', path, { document, basis });
}

test('a policy is saved, read, saved again, and put back', async () => {
  const stand = await open();
  assert.deepEqual((await save(stand, first, 0)).json, { name: 'work', version: 1 });
  assert.deepEqual((await save(stand, second, 1)).json, { name: 'work', version: 2 });
  const back = await stand.ask('POST', `${path}/versions/1/put-back`, { basis: 2 });
  assert.deepEqual(back.json, { name: 'work', version: 3 });
  const whole = (await stand.ask('GET', path)).json;
  assert.equal(whole.document, first);
  assert.equal(whole.source, 'store');
  const versions = whole.versions.map((one: { version: number; author: string }) => [
    one.version,
    one.author,
  ]);
  assert.deepEqual(versions, [
    [3, 'operator'],
    [2, 'operator'],
    [1, 'operator'],
  ]);
  assert.equal((await stand.ask('GET', `${path}/versions/2`)).json.document, second);
  assert.equal(stand.registry.current().policies.get('work')?.version, 3);
});

test('B-162: two people at once: the second is told, whichever way the two run', async () => {
  const stand = await open();
  const both = await Promise.all([save(stand, first, 0), save(stand, second, 0)]);
  assert.deepEqual(
    both.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 409],
  );
  const late = await save(stand, second, 0);
  assert.equal(late.status, 409);
  assert.match(late.json.message, /version 1 is the newest/);
  const rule = { rule: {}, basis: 0 };
  assert.equal((await stand.ask('PUT', `${path}/tools/x`, rule)).status, 409);
  assert.equal((await stand.ask('POST', `${path}/versions/1/put-back`, { basis: 0 })).status, 409);
});

const refused: readonly (readonly [string, string, object, number, RegExp])[] = [
  ['no document', path, { basis: 0 }, 400, /\/document: /],
  ['no basis', path, { document: first }, 400, /\/basis: /],
  ['no JSON', path, { document: '{', basis: 0 }, 400, /does not load/],
  ['an unknown field', path, { document: '{"version":"1","x":1}', basis: 0 }, 400, /does not load/],
  ['a name of no form', '/api/v1/policies/No', { document: first, basis: 0 }, 400, /is no name/],
  ['the file', '/api/v1/policies/read', { document: first, basis: 1 }, 403, /operator's file/],
];
for (const [what, at, body, status, message] of refused) {
  test(`a save with ${what}: ${status}`, async () => {
    const stand = await open();
    const answer = await stand.ask('PUT', at, body);
    assert.equal(answer.status, status);
    assert.match(answer.json.message, message);
    assert.deepEqual(stand.records, []);
  });
}

test('what is wrong with a document is said with its place', async () => {
  const stand = await open();
  const answer = await save(stand, '{"version":"1",\n"defualt":"deny"}', 0);
  const places = answer.json.problems.map((one: { line: number; pointer: string }) => [
    one.line,
    one.pointer,
  ]);
  assert.ok(places.some(([line]: [number]) => line === 2));
  const check = { document: '{"version":"1","defualt":"deny"}', server: 'files' };
  const checked = await stand.ask('POST', '/api/v1/policy-trials/check', check);
  assert.equal(checked.json.ok, false);
  assert.match(checked.json.problems[0].hint ?? checked.json.problems[0].message, /default/);
});

test('the rule of one tool is set and taken out; the rest stays as it was', async () => {
  const stand = await open();
  await save(stand, '{"version":"1","description":"mine","default":"deny","hide":["x"]}', 0);
  for (const [at, tool] of ['delete/all', 'constructor', 'a b'].entries()) {
    const rule = { rule: { action: 'deny', reason: 'not here' }, basis: at + 1 };
    const answer = await stand.ask('PUT', `${path}/tools/${encodeURIComponent(tool)}`, rule);
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
  }
  const document = (await stand.ask('GET', path)).json.document as string;
  assert.match(document, /"constructor"/);
  assert.match(document, /"delete\/all"/);
  assert.match(document, /"description": "mine"/);
  const bad = { rule: { action: 'perhaps' }, basis: 4 };
  assert.equal((await stand.ask('PUT', `${path}/tools/a`, bad)).status, 400);
  const out = { rule: null, basis: 4 };
  assert.equal((await stand.ask('PUT', `${path}/tools/constructor`, out)).status, 200);
  assert.doesNotMatch((await stand.ask('GET', path)).json.document, /constructor/);
});

test('a save that cannot be put on record is not made', async () => {
  const stand = await open();
  stand.breakAudit(true);
  assert.equal((await save(stand, first, 0)).status, 503);
  assert.equal(stand.registry.current().policies.has('work'), false);
});
