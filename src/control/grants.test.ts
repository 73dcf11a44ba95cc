import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { openControl, type ControlStand } from '../../test/support/control.ts';

const stands: ControlStand[] = [];
after(() => Promise.all(stands.map((stand) => stand.close())));

const good = {
  label: 'ci',
  principal: 'agent:ci',
  servers: ['files'],
  policies: { files: 'read' },
};

async function open(): Promise<ControlStand> {
  const stand = await openControl();
  stands.push(stand);
  return stand;
}

/** What is on record, by what was done. */
function actions({ records }: ControlStand): readonly string[] {
  return records.map((body) => (body.kind === 'admin' ? body.action : body.kind));
}

test('a change that cannot be made is refused, and is not on record as made', async () => {
  const stand = await open();
  assert.equal((await stand.ask('POST', '/api/v1/grants', good)).status, 200);
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ label: 'ci' }, /`ci` already/],
    [{ label: 'No Label' }, /is no label/],
    [{ principal: 'ci' }, /is no principal/],
    [{ servers: ['none'], policies: { none: 'read' } }, /there is no server `none`/],
    [{ policies: { files: 'none' } }, /there is no policy `none`/],
    [{ policies: {} }, /`files` has no policy in this grant/],
    [{ policies: { files: 'read', memory: 'read' } }, /`memory`, which this grant does not open/],
    [{ mode: 'watch' }, /\/mode: /],
    [{ servers: [] }, /\/servers: /],
    [{ command: 'sh' }, /Unrecognized key: "command"/],
  ];
  for (const [change, message] of cases) {
    const made = await stand.ask('POST', '/api/v1/grants', { ...good, label: 'other', ...change });
    assert.ok(made.status >= 400, JSON.stringify(change));
    assert.match(made.json.message, message);
  }
  for (const action of ['revoke', 'rotate']) {
    assert.equal((await stand.ask('POST', `/api/v1/grants/none/${action}`, {})).status, 404);
  }
  assert.deepEqual(actions(stand), ['grant.create']);
  for (const action of ['rotate', 'revoke']) {
    assert.equal((await stand.ask('POST', `/api/v1/grants/ci/${action}`, {})).status, 200);
  }
  assert.deepEqual(actions(stand), ['grant.create', 'grant.rotate', 'grant.revoke']);
});

test('of two grants with one label that are asked for at once, the second is on record as failed', async () => {
  const stand = await open();
  const make = () => stand.ask('POST', '/api/v1/grants', good);
  const made = await Promise.all([make(), make()]);
  assert.deepEqual(
    made.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 409],
  );
  assert.deepEqual(actions(stand), ['grant.create', 'grant.create', 'grant.create.failed']);
});

test('what cannot be put on record is not done', async () => {
  const stand = await open();
  stand.breakAudit(true);
  assert.equal((await stand.ask('POST', '/api/v1/grants', good)).status, 503);
  assert.deepEqual((await stand.ask('GET', '/api/v1/grants')).json, []);
});
