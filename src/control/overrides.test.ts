import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { openControl, type ControlStand } from '../../test/support/control.ts';

const stands: ControlStand[] = [];
after(() => Promise.all(stands.map((stand) => stand.close())));

const definition = '{"name":"a/b","inputSchema":{"type":"object"}}';
const path = `/api/v1/servers/files/tools/${encodeURIComponent('a/b')}/category`;
const word = { category: 'Destructive', reason: 'it <b>drops</b> the table' };

async function open(): Promise<ControlStand> {
  const stand = await openControl();
  stands.push(stand);
  await see(stand, 'd1', definition);
  return stand;
}

function see({ registry }: ControlStand, digest: string, text: string): Promise<unknown> {
  const tool = { name: 'a/b', definition: text, digest, category: 'Read', risk: 'Low' } as const;
  return registry.pinSeen('files', [tool]);
}

async function pin(
  stand: ControlStand,
): Promise<any> /* oxlint-disable-line typescript/no-explicit-any -- JSON */ {
  return (await stand.ask('GET', '/api/v1/servers/files/pins')).json[0];
}

function inForce({ registry }: ControlStand): string | undefined {
  return registry.current().servers.get('files')?.tools?.get('a/b')?.category;
}

test('a person says what a tool is: it is in force, on record, beside the classifier, and undone', async () => {
  const stand = await open();
  const set = await stand.ask('PUT', path, { ...word, digest: 'd1' });
  assert.deepEqual(set, { status: 200, json: { category: 'Destructive', risk: 'Critical' } });
  assert.equal(inForce(stand), 'Destructive');
  const shown = await pin(stand);
  assert.deepEqual([shown.category, shown.risk], ['Destructive', 'Critical']);
  assert.deepEqual(shown.classified, { category: 'Read', risk: 'Low' });
  assert.equal(shown.override.reason, word.reason);
  assert.equal(shown.override.actor, 'operator');
  assert.deepEqual(shown.recommended, { action: 'require_approval' });

  await see(stand, 'd1', definition);
  assert.equal(inForce(stand), 'Destructive', 'it is read again');
  await see(stand, 'd2', definition);
  const changed = await pin(stand);
  assert.equal(changed.override.outdated, true);
  assert.equal(changed.state, 'quarantined');
  await stand.ask('POST', '/api/v1/servers/files/pins/accept', {});
  assert.equal(inForce(stand), 'Destructive', 'accepted, it does not become milder by itself');

  assert.equal((await stand.ask('DELETE', path)).status, 200);
  assert.equal(inForce(stand), 'Read');
  assert.equal((await pin(stand)).override, null);
  const told = stand.records.flatMap((one) => (one.kind === 'admin' ? [one] : []));
  assert.deepEqual(
    told.map(({ action, subject }) => [action, subject]),
    [
      ['pin.set-category', 'files/a/b'],
      ['pin.accept', 'files/a/b'],
      ['pin.reset-category', 'files/a/b'],
    ],
  );
  assert.equal(told[0]?.detail['reason'], word.reason);
  assert.equal(told[0]?.detail['before'], 'Read Low');
});

const refused: readonly (readonly [string, string, string, object | undefined, number])[] = [
  ['without a reason', 'PUT', path, { category: 'Read', reason: '  ' }, 400],
  ['no such category', 'PUT', path, { ...word, category: 'Harmless' }, 400],
  ['no such risk', 'PUT', path, { ...word, risk: 'None' }, 400],
  ['another definition was looked at', 'PUT', path, { ...word, digest: 'd0' }, 409],
  ['no such tool', 'PUT', path.replace('a%2Fb', 'none'), word, 404],
  ['no such server', 'PUT', path.replace('files', 'none'), word, 404],
  ['nothing to take back', 'DELETE', path, undefined, 409],
];
for (const [name, method, where, body, status] of refused) {
  test(`a category is not set: ${name}`, async () => {
    const stand = await open();
    assert.equal((await stand.ask(method, where, body)).status, status);
    assert.deepEqual([inForce(stand), stand.records], ['Read', []]);
  });
}

test('what cannot be put on record is not in force', async () => {
  const stand = await open();
  stand.breakAudit(true);
  assert.equal((await stand.ask('PUT', path, word)).status, 503);
  assert.equal(inForce(stand), 'Read');
});
