import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { openSample, sampleCall } from '../approvals/samples.ts';
import { answerToken } from '../approvals/webhook.ts';
import { openControl, operatorKey, type ControlStand } from '../../test/support/control.ts';
import { createApprovalControl } from './approvals.ts';
import { notesOf, shownJson } from './approval-view.ts';

const stands: ControlStand[] = [];
after(() => Promise.all(stands.map((stand) => stand.close())));

const root = '/api/v1/approvals';

/** A control API with one call that waits; nothing of it is stale. */
async function open(): Promise<ControlStand & { readonly id: string }> {
  const stand = await openControl();
  stands.push(stand);
  const grant = await stand.ask('POST', '/api/v1/grants', {
    label: 'ci',
    principal: 'agent:ci',
    servers: ['files'],
    policies: { files: 'read' },
  });
  assert.equal(grant.status, 200, JSON.stringify(grant.json));
  const policy = stand.registry.current().policies.get('read');
  assert.ok(policy !== undefined);
  const call = sampleCall('{"path":"/a\u202e","size":1.0}', {
    grantId: grant.json.grant.id,
    server: 'files',
    policy: 'read',
    policyVersion: policy.version,
    policyHash: policy.hash,
    argumentNames: ['path', 'size'],
  });
  const asked = await stand.approvals.ask(call.held, call.arguments);
  assert.ok(asked.kind === 'approval');
  return { ...stand, id: asked.approval.id };
}

test('what will run is shown exactly, and escaped (B-155)', async () => {
  const stand = await open();
  const { id } = stand;
  const { status, json } = await stand.ask('GET', `${root}/${id}`);
  assert.equal(status, 200);
  assert.equal(json.arguments, '{"path":"/a\u202e","size":1.0}');
  assert.equal(json.shown, '{\n  "path": "/a\\u202e",\n  "size": 1.0\n}');
  assert.deepEqual(JSON.parse(json.shown), JSON.parse(json.arguments));
  assert.equal(json.notes.length, 1);
  assert.equal(json.changes, null);
});

const shown: readonly [exact: string, shown: string][] = [
  ['{}', '{}'],
  ['[]', '[]'],
  ['{"a":[],"b":{}}', '{\n  "a": [],\n  "b": {}\n}'],
  ['"a,b:{c}"', '"a,b:{c}"'],
  ['"\u200bzero\u00a0wide\u{e0041}"', '"\\u200bzero\\u00a0wide\\udb40\\udc41"'],
  ['"Grüße, 世界"', '"Grüße, 世界"'],
];
for (const [exact, expected] of shown) {
  test(`shown: ${JSON.stringify(exact)}`, () => {
    assert.equal(shownJson(exact), expected);
    assert.deepEqual(JSON.parse(shownJson(exact)), JSON.parse(exact));
  });
}

test('letters that look like others are pointed out', () => {
  assert.equal(notesOf('{"to":"p\u0430ypal"}').length, 1);
  assert.equal(notesOf('{"to":"paypal \u041f\u0435\u0442\u044f"}').length, 0);
});

test('it is listed, allowed once, and told as what it is afterwards', async () => {
  const stand = await open();
  const { id, approvals } = stand;
  const listed = await stand.ask('GET', root);
  assert.deepEqual(
    listed.json.approvals.map((one: { id: string }) => one.id),
    [id],
  );
  assert.equal(listed.json.groups[0].count, 1);
  const allowed = await stand.ask('POST', `${root}/${id}/allow`, { comment: 'fine' });
  assert.equal(allowed.status, 200, JSON.stringify(allowed.json));
  assert.equal(approvals.find(id)?.state, 'allowed');
  const again = await stand.ask('POST', `${root}/${id}/allow`, {});
  assert.equal(again.status, 409);
  const denied = await stand.ask('POST', `${root}/${id.slice(0, 12)}/deny`, {});
  assert.equal(denied.status, 200);
  assert.equal(approvals.find(id)?.state, 'denied');
});

const readings = ['', '/recent', '/standing', '/ID', '/ID/allow', '/ID/deny', '/answer'];
test('no GET answers anything, whoever sends it (B-159)', async () => {
  const { api, id, approvals } = await open();
  const authorization = `Bearer ${operatorKey}`;
  for (const path of [...readings.map((one) => root + one), '/approvals/ID?answer=allow']) {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      await api.request(path.replace('ID', id), { method, headers: { authorization } });
      assert.equal(approvals.find(id)?.state, 'pending', `${method} ${path}`);
    }
  }
  const page = await api.request(`/approvals/${id}`);
  assert.equal(page.status, 401);
});

test('without the key nothing is seen and nothing is answered', async () => {
  const { api, id, approvals } = await open();
  for (const [method, path] of [
    ['GET', root],
    ['GET', `${root}/${id}`],
    ['POST', `${root}/${id}/allow`],
    ['POST', `${root}/${id}/deny`],
  ] as const) {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer pcl_agent' };
    const sent = method === 'POST' ? { body: '{}' } : {};
    const answer = await api.request(path, { method, headers, ...sent });
    assert.equal(answer.status, 401, `${method} ${path}`);
  }
  assert.equal(approvals.find(id)?.state, 'pending');
});

test('a program answers with the token of its announcement, once, and with no other', async () => {
  const secret = 'a-secret-of-the-webhook';
  const stand = await openSample();
  const control = createApprovalControl({
    approvals: stand.approvals,
    store: stand.store,
    webhook: { secret, principal: 'service:chat', roles: [] },
  });
  const ids: string[] = [];
  for (const to of ['anna', 'bob']) {
    const call = sampleCall(`{"to":"${to}"}`);
    const asked = await stand.approvals.ask(call.held, call.arguments);
    ids.push(asked.kind === 'approval' ? asked.approval.id : '');
  }
  const [first = '', second = ''] = ids;
  const [one, other] = [stand.approvals.find(first), stand.approvals.find(second)];
  assert.ok(one !== null && other !== null);
  const yes = { answer: 'allow', comment: null } as const;
  const good = answerToken(secret, one);
  const bad = [
    answerToken('another-secret-of-16', one),
    good.replace(first, second),
    `${good}x`,
    '',
    'pcw1.x.y',
  ];
  for (const token of bad) {
    const answered = await control.answerByToken(token, yes);
    assert.equal(answered.ok ? null : answered.error.code, 'forbidden', token);
  }
  assert.ok((await control.answerByToken(good, yes)).ok);
  assert.equal((await control.answerByToken(good, yes)).ok, false);
  assert.equal(stand.approvals.find(second)?.state, 'pending');
  assert.equal(stand.journal.at(-2)?.via, 'webhook');
});
