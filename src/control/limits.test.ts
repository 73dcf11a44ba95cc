import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { openControl, type ControlStand } from '../../test/support/control.ts';
import type { Take } from '../counters/counters.ts';
import { counterKey, type CounterName } from '../counters/key.ts';
import { compileDocument } from '../registry/policy-versions.ts';
import { limitPlaces } from './limit-stands.ts';

const stands: ControlStand[] = [];
after(() => Promise.all(stands.map((stand) => stand.close())));

const each = (counter: string, max: number, scope = 'grant'): object => ({
  counter,
  window: 'minute',
  max,
  scope,
});

const document = JSON.stringify({
  version: '1',
  default: 'deny',
  all_tools: { limits: [each('all', 100, 'principal')] },
  tools: {
    send: { limits: [each('sends', 10), { counter: 'busy', concurrent: 2, scope: 'server' }] },
    put: { rate_limit: { max: 4, window: 60 } },
    none: { limits: [each('zero', 0)] },
  },
});

/** Two grants of one principal, and one of another that only observes. */
async function open(): Promise<ControlStand> {
  const stand = await openControl();
  stands.push(stand);
  await stand.ask('PUT', '/api/v1/policies/work', { document, basis: 0 });
  for (const [label, principal, mode] of [
    ['one', 'agent:a', 'enforce'],
    ['two', 'agent:a', 'enforce'],
    ['watched', 'agent:b', 'observe'],
  ]) {
    const servers = ['files', 'memory'];
    const policies = { files: 'work', memory: 'read' };
    const made = { label, principal, mode, servers, policies };
    assert.equal((await stand.ask('POST', '/api/v1/grants', made)).status, 200);
  }
  return stand;
}

function idOf({ registry }: ControlStand, label: string): string {
  const grants = [...registry.current().grantsByToken.values()];
  return grants.find((grant) => grant.label === label)?.id ?? '';
}

/** Counts as calls do. */
function count(
  { counters }: ControlStand,
  name: Pick<CounterName, 'who' | 'counter' | 'scope'> & Partial<CounterName>,
  { units, windowMs = 60_000 }: { readonly units: number; readonly windowMs?: Take['windowMs'] },
): void {
  const key = counterKey({ server: 'files', guardrail: null, observe: false, ...name });
  const taken = counters.take([{ key, windowMs, align: 'sliding', units, max: 1_000 }]);
  assert.ok(taken.ok);
}

async function listed(stand: ControlStand, query = ''): Promise<readonly string[]> {
  const { status, json } = await stand.ask('GET', `/api/v1/limits${query}`);
  assert.equal(status, 200, JSON.stringify(json));
  assert.deepEqual([json.complete, json.readable, json.shared], [true, true, false]);
  return json.limits.map((one: Listed) => {
    const { used, max, rule, who, grants, observe } = one;
    return `${used}/${max} ${rule} ${who} [${grants.join()}]${observe ? ' observed' : ''}`;
  });
}

interface Listed {
  readonly used: number;
  readonly max: number;
  readonly rule: string;
  readonly who: string;
  readonly grants: readonly string[];
  readonly observe: boolean;
}

test('nothing is listed before a call was counted', async () => {
  const stand = await open();
  assert.deepEqual(await listed(stand), []);
  assert.ok((await stand.ask('GET', '/api/v1/limits')).json.watched >= 10);
});

test('what is used is listed by its nearness to the top, for whom it counts', async () => {
  const stand = await open();
  const [one, watched] = [idOf(stand, 'one'), idOf(stand, 'watched')];
  count(stand, { who: one, scope: 'grant', counter: 'sends' }, { units: 9 });
  count(stand, { who: 'agent:a', scope: 'principal', counter: 'all' }, { units: 25 });
  count(stand, { who: 'files', scope: 'server', counter: 'busy' }, { units: 2, windowMs: null });
  count(stand, { who: `${one} seal`, scope: 'session', counter: 'put_rate' }, { units: 2 });
  count(stand, { who: one, scope: 'session', counter: 'put_rate' }, { units: 3 });
  count(stand, { who: watched, scope: 'grant', counter: 'sends', observe: true }, { units: 4 });
  count(stand, { who: watched, scope: 'grant', counter: 'zero', observe: true }, { units: 1 });
  // Of nobody: a grant that is gone, a counter that no limit names, another server.
  count(stand, { who: 'gone', scope: 'grant', counter: 'sends' }, { units: 9 });
  count(stand, { who: one, scope: 'grant', counter: 'unnamed' }, { units: 9 });
  count(stand, { who: one, scope: 'grant', counter: 'sends', server: 'memory' }, { units: 9 });
  assert.deepEqual(await listed(stand), [
    '2/2 /tools/send/limits/busy files [one,two]',
    '1/0 /tools/none/limits/zero watched [watched] observed',
    '9/10 /tools/send/limits/sends one [one]',
    '3/4 /tools/put/limits/put_rate one [one]',
    '2/4 /tools/put/limits/put_rate one [one]',
    '4/10 /tools/send/limits/sends watched [watched] observed',
    '25/100 /all_tools/limits/all agent:a [one,two]',
  ]);
  assert.deepEqual(await listed(stand, '?limit=1'), [
    '2/2 /tools/send/limits/busy files [one,two]',
  ]);
  stand.pass(61_000);
  assert.deepEqual(await listed(stand), ['2/2 /tools/send/limits/busy files [one,two]']);
});

test('grants that have ended are not looked at', async () => {
  const stand = await open();
  count(stand, { who: idOf(stand, 'one'), scope: 'grant', counter: 'sends' }, { units: 9 });
  assert.equal((await listed(stand)).length, 1);
  await stand.ask('POST', '/api/v1/grants/one/revoke');
  assert.deepEqual(await listed(stand), []);
});

test('a store that does not answer is said, and not shown as unused', async () => {
  const stand = await open();
  const { grantsByToken } = stand.registry.current();
  assert.ok(grantsByToken.size > 0);
  stand.breakCounters();
  const { json } = await stand.ask('GET', '/api/v1/limits');
  assert.deepEqual([json.readable, json.limits], [false, []]);
});

test('a guardrail counts across servers, for grants that observe too', async () => {
  const stand = await open();
  const made = compileDocument(document);
  assert.ok(made.ok);
  const guardrails = [{ name: 'house', policy: made.value }];
  const snapshot = { ...stand.registry.current(), guardrails };
  const grants = [...snapshot.grantsByToken.values()];
  const { places } = limitPlaces(snapshot, grants, () => []);
  const told = places
    .filter(({ asked }) => asked.guardrail !== null)
    .map(({ asked, server, grants: whose, rule }) => {
      assert.equal(asked.observe, false);
      return `${rule} ${server} [${String(whose)}]`;
    });
  assert.deepEqual(told.filter((one) => !one.includes('put') && !one.includes('zero')).sort(), [
    '/all_tools/limits/all null [one,two]',
    '/all_tools/limits/all null [watched]',
    '/tools/send/limits/busy files [one,two,watched]',
    '/tools/send/limits/busy memory [one,two,watched]',
    '/tools/send/limits/sends null [one]',
    '/tools/send/limits/sends null [two]',
    '/tools/send/limits/sends null [watched]',
  ]);
});

test('more counters than are looked at are said to be more', async () => {
  const stand = await open();
  const sessions = function* () {
    for (let at = 0; at < 20_000; at += 1) {
      const who = `${idOf(stand, 'one')} s${at}`;
      const name = { server: 'files', counter: 'put_rate' };
      yield { ...name, who, isGuardrail: false, observe: false };
    }
  };
  const snapshot = stand.registry.current();
  const { places, complete } = limitPlaces(
    snapshot,
    [...snapshot.grantsByToken.values()],
    sessions,
  );
  assert.equal(complete, false);
  assert.equal(places.length, 10_000);
});

test('grants without end that count in the same few counters are not all gone through', async () => {
  const stand = await open();
  const snapshot = stand.registry.current();
  const grants = [...snapshot.grantsByToken.values()];
  let asked = 0;
  const many = function* () {
    for (; asked < 1_000_000; asked += 1) yield* grants;
  };
  const { places, complete } = limitPlaces(snapshot, many(), () => []);
  assert.equal(complete, false);
  assert.ok(places.length < 100);
  assert.ok(asked < 50_000);
});
