import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { ConsoleBrowser } from '../../test/support/console-browser.ts';
import { openControl, type ControlStand } from '../../test/support/control.ts';
import { compileDocument } from '../registry/policy-versions.ts';

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
  const accept = (digest: string) => {
    const tools = [{ tool: 'a/b', digest }];
    return stand.ask('POST', '/api/v1/servers/files/pins/accept', { tools });
  };
  assert.equal((await accept('d1')).status, 409, 'another definition was looked at');
  assert.equal((await pin(stand)).state, 'quarantined');
  assert.deepEqual(await accept('d2'), { status: 200, json: 1 });
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

test('a definition that changes meanwhile is not taken for the one that was looked at', async () => {
  const stand = await open();
  const { audit } = stand.deps;
  const append: typeof audit.append = async (body) => {
    const done = await audit.append(body);
    if (body.kind === 'admin' && body.action === 'pin.set-category') {
      await see(stand, 'd2', definition);
    }
    return done;
  };
  Object.assign(stand.deps, { audit: { ...audit, append } });
  assert.equal((await stand.ask('PUT', path, word)).status, 409);
  assert.equal((await pin(stand)).override, null);
  assert.deepEqual(
    stand.records.map((one) => (one.kind === 'admin' ? one.action : one.kind)),
    ['pin.set-category', 'pin.set-category.failed'],
  );
});

test('what cannot be put on record is not in force', async () => {
  const stand = await open();
  stand.breakAudit(true);
  assert.equal((await stand.ask('PUT', path, word)).status, 503);
  assert.equal(inForce(stand), 'Read');
});

// What a guardrail goes by -> whether a policy manager may say what a tool is.
const guardrails: readonly (readonly [string, object, number])[] = [
  [
    'no category',
    { all_tools: { limits: [{ counter: 'c', window: 'minute', max: 9, scope: 'grant' }] } },
    200,
  ],
  ['categories', { categories: { Destructive: { action: 'deny' } } }, 403],
  [
    'the category, in a predicate',
    { all_tools: { deny_if: [{ path: 'tool.category', op: 'eq', value: 'Destructive' }] } },
    403,
  ],
  [
    'the risk, in a predicate',
    { all_tools: { deny_if: [{ path: 'tool.risk', op: 'eq', value: 'Critical' }] } },
    403,
  ],
];
for (const [what, members, status] of guardrails) {
  test(`a word does not take a tool out of a guardrail that goes by ${what}`, async () => {
    const stand = await open();
    const { servers } = stand.registry.current();
    const made = compileDocument(JSON.stringify({ version: '1', default: 'allow', ...members }));
    assert.ok(made.ok, JSON.stringify(made));
    const applied = await stand.registry.applyConfig({
      servers: new Map([...servers].map(([name, { config }]) => [name, config])),
      policies: new Map(),
      guardrails: [{ name: 'house', policy: made.value }],
      grants: [],
    });
    assert.ok(applied.ok, JSON.stringify(applied));
    const invited = await stand.ask('POST', '/api/v1/users', {
      name: 'pm',
      role: 'policy-manager',
    });
    const manager = new ConsoleBrowser(stand, 'http://localhost:8420');
    const welcome = { token: invited.json.token, name: 'pm', password: 'a long enough password' };
    assert.equal((await manager.ask('POST', '/welcome', welcome)).status, 200);
    await manager.entered();
    const own = path.replace('/api/v1', '');
    const set = await manager.ask('PUT', own, word);
    assert.equal(set.status, status);
    if (status === 403) assert.match(set.json.message, /guardrail `house` .* administrator/);
    assert.equal(inForce(stand), status === 403 ? 'Read' : 'Destructive');
    assert.equal((await stand.ask('PUT', path, word)).status, 200, 'an administrator may');
    const back = await manager.ask('DELETE', own);
    assert.equal(back.status, status);
    assert.equal(inForce(stand), status === 403 ? 'Destructive' : 'Read');
  });
}
