import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { Command } from 'commander';

import { suiteStands, type ControlStand } from '../../../test/support/control.ts';
import { err, ok } from '../../base/result.ts';
import type { Ask } from '../ask.ts';
import { addPinCommands } from '../commands/pin.ts';
import type { ControlClient } from '../control-client.ts';

const open = suiteStands();

interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number;
  readonly asked: readonly string[];
}

const digestOf = (definition: string): string =>
  createHash('sha256').update(definition).digest('hex');

/** The server `files` lists these tools, by what each says of itself. */
async function lists(stand: ControlStand, tools: Readonly<Record<string, string>>): Promise<void> {
  const seen = Object.entries(tools).map(([name, description]) => {
    const definition = JSON.stringify({ name, description, inputSchema: { type: 'object' } });
    const digest = digestOf(definition);
    return { name, definition, digest, category: 'Read', risk: 'Low' } as const;
  });
  const pinned = await stand.registry.pinSeen('files', seen);
  assert.ok(pinned.ok);
}

async function states(stand: ControlStand): Promise<Readonly<Record<string, string>>> {
  const rows = await stand.registry.pins('files');
  return Object.fromEntries(rows.map(({ tool, state }) => [tool, state]));
}

function clientOf(stand: ControlStand): ControlClient {
  const send = async (method: string, path: string, body?: unknown) => {
    const { status, json } = await stand.ask(method, path, body);
    return status < 300 ? ok(json as unknown) : err({ code: json.error, message: json.message });
  };
  return {
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, body ?? {}),
    put: (path, body) => send('PUT', path, body),
    remove: (path) => send('DELETE', path),
    events: () => assert.fail('pin follows no stream'),
  };
}

/** Runs `pin …` against the stand; `answer` is what the person at the terminal does, null for none. */
async function pin(
  stand: ControlStand,
  argv: readonly string[],
  answer: (() => Promise<boolean>) | null = null,
): Promise<Ran> {
  const out: string[] = [];
  const errors: string[] = [];
  const asked: string[] = [];
  const ask: Ask | null = answer === null ? null : (question) => (asked.push(question), answer());
  const program = new Command().exitOverride();
  addPinCommands(program, {
    io: { out: (line) => void out.push(line), err: (line) => void errors.push(line) },
    ask,
    connect: () => Promise.resolve(ok(clientOf(stand))),
  });
  const before = process.exitCode;
  process.exitCode = 0;
  await program.parseAsync(['pin', ...argv], { from: 'user' });
  const code = Number(process.exitCode);
  process.exitCode = before;
  return { out: out.join('\n'), err: errors.join('\n'), code, asked };
}

/** Two tools, reviewed, and changed since: `read` and `write` wait. */
async function changedTools(): Promise<ControlStand> {
  const stand = await open();
  await lists(stand, { read: 'Reads.', write: 'Writes.' });
  await lists(stand, { read: 'Reads all.', write: 'Writes all.' });
  assert.deepEqual(await states(stand), { read: 'quarantined', write: 'quarantined' });
  return stand;
}

/** What `pin diff` prints to name a tool by. */
async function shown(stand: ControlStand, tool: string): Promise<string> {
  const { out } = await pin(stand, ['diff', 'files', '--tool', tool]);
  const named = /^ {2}as shown: --tool (\S+)$/m.exec(out)?.[1];
  assert.ok(named !== undefined, out);
  return named;
}

const yes = (): Promise<boolean> => Promise.resolve(true);

test('what was shown is accepted by its digest, and nothing else', async () => {
  const stand = await changedTools();
  const named = await shown(stand, 'read');
  assert.match(named, /^read@[0-9a-f]{32}$/);
  const accepted = await pin(stand, ['accept', 'files', '--tool', named]);
  assert.deepEqual([accepted.code, accepted.err], [0, '']);
  assert.equal(accepted.out, 'accepted 1 of the definitions of `files`');
  assert.deepEqual(await states(stand), { read: 'pinned', write: 'quarantined' });
});

test('what changes behind `pin diff` is not accepted', async () => {
  const stand = await changedTools();
  const named = await shown(stand, 'read');
  await lists(stand, { read: 'Reads all, and sends it.', write: 'Writes all.' });
  for (const more of [[], ['--yes'], ['--json'], ['--yes', '--json']]) {
    const refused = await pin(stand, ['accept', 'files', '--tool', named, ...more], yes);
    assert.equal(refused.code, 2);
    assert.match(refused.out + refused.err, /`read` is another than that of this digest/);
    assert.deepEqual(refused.asked, []);
  }
  assert.deepEqual(await states(stand), { read: 'quarantined', write: 'quarantined' });
});

test('what changes while a person reads is not accepted', async () => {
  const stand = await changedTools();
  const ran = await pin(stand, ['accept', 'files'], async () => {
    await lists(stand, { read: 'Reads all, and sends it.', write: 'Writes all.' });
    return true;
  });
  assert.equal(ran.code, 2);
  assert.match(ran.err, /the definition of `read` changed meanwhile: look at it again/);
  assert.deepEqual(await states(stand), { read: 'quarantined', write: 'quarantined' });
});

test('without a digest the difference is shown, and a yes accepts it', async () => {
  const stand = await changedTools();
  const ran = await pin(stand, ['accept', 'files'], yes);
  assert.deepEqual(ran.asked, ['accept these 2 definitions of `files` as shown?']);
  assert.match(ran.out, /read: definition changed: description\n {2}~ .*\[\[ all\]\]/);
  assert.match(ran.out, /accepted 2 of the definitions of `files`$/);
  assert.equal(ran.code, 0);
  assert.deepEqual(await states(stand), { read: 'pinned', write: 'pinned' });
});

test('a no accepts nothing and is the answer no', async () => {
  const stand = await changedTools();
  const ran = await pin(stand, ['accept', 'files', '--tool', 'read'], () => Promise.resolve(false));
  assert.deepEqual(ran.asked, ['accept this definition of `files` as shown?']);
  assert.deepEqual([ran.code, ran.err], [1, 'nothing was accepted']);
  assert.deepEqual(await states(stand), { read: 'quarantined', write: 'quarantined' });
});

for (const more of [[], ['--tool', 'read'], ['--json'], ['--json', '--tool', 'read']]) {
  test(`nobody to ask: accept files ${more.join(' ')} is refused`, async () => {
    const stand = await changedTools();
    const json = more.includes('--json');
    // With `--json` nobody is asked, at a terminal either.
    const ran = await pin(stand, ['accept', 'files', ...more], json ? yes : null);
    assert.deepEqual([ran.code, ran.asked], [2, []]);
    const said = json ? JSON.parse(ran.out).error : { code: 'usage', message: ran.err };
    assert.equal(said.code, 'usage');
    assert.match(said.message, /--tool NAME@DIGEST.*`--yes`/);
    assert.deepEqual(await states(stand), { read: 'quarantined', write: 'quarantined' });
  });
}

test('--yes accepts what there is, and prints what that was', async () => {
  const stand = await changedTools();
  const ran = await pin(stand, ['accept', 'files', '--yes']);
  assert.equal(ran.code, 0);
  assert.match(ran.out, /write: definition changed: description\n/);
  assert.deepEqual(await states(stand), { read: 'pinned', write: 'pinned' });
});

test('a program accepts by the digests of `pin diff --json`, whole', async () => {
  const stand = await changedTools();
  const told = await pin(stand, ['diff', 'files', '--json']);
  assert.equal(told.code, 1);
  const tools = JSON.parse(told.out) as { tool: string; digest: string }[];
  const names = tools.flatMap(({ tool, digest }) => ['--tool', `${tool}@${digest}`]);
  const ran = await pin(stand, ['accept', 'files', ...names, '--json']);
  assert.deepEqual([ran.code, JSON.parse(ran.out)], [0, 2]);
  assert.deepEqual(await states(stand), { read: 'pinned', write: 'pinned' });
});

test('nothing waits: nothing is asked, and it is done', async () => {
  const stand = await open();
  await lists(stand, { read: 'Reads.' });
  const ran = await pin(stand, ['accept', 'files'], yes);
  assert.deepEqual([ran.code, ran.asked], [0, []]);
  assert.match(ran.out, /nothing of `files` is quarantined/);
  assert.equal((await pin(stand, ['accept', 'files', '--json'])).out, '0');
});

// Twelve digits are what `pin list` shows: a server can make two definitions that share them.
const unknown: readonly (readonly [string, RegExp])[] = [
  ['none', /no quarantined tool `none`$/],
  [`none@${'0'.repeat(32)}`, /no quarantined tool `none`$/],
  [`read@${digestOf('x').slice(0, 12)}`, /a digest has at least 32 digits/],
];
for (const [name, message] of unknown) {
  test(`a tool that does not wait: ${name}`, async () => {
    const stand = await changedTools();
    const ran = await pin(stand, ['accept', 'files', '--tool', name], yes);
    assert.deepEqual([ran.code, ran.asked], [2, []]);
    assert.match(ran.err, message);
  });
}

test('a tool that is named like a command is one word of a shell, and accepted as printed', async () => {
  const stand = await open();
  const name = "x'; touch /tmp/\u202egone #@y";
  await lists(stand, { read: 'Reads.' });
  await lists(stand, { read: 'Reads.', [name]: 'New.' });
  const { out } = await pin(stand, ['diff', 'files']);
  const word = /--tool ('.*')$/m.exec(out)?.[1] ?? '';
  assert.match(word, /^'x'\\''; touch \/tmp\/\\u202egone #@y@[0-9a-f]{32}'$/);
  const given = word.slice(1, -1).replaceAll("'\\''", "'");
  assert.equal((await pin(stand, ['accept', 'files', '--tool', given])).code, 0);
  assert.equal((await states(stand))[name], 'pinned');
});

test('names that are printed alike are told by their digests, also where one is a digest', async () => {
  const stand = await open();
  const names = ['x\u202e', 'x\\u202e', 'read'];
  const all = (says: string): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, `${name} ${says}`]));
  await lists(stand, all('a'));
  await lists(stand, all('b'));
  const ran = await pin(stand, ['accept', 'files', '--tool', 'x\\u202e', '--yes']);
  assert.deepEqual([ran.code, /several tools are printed as/.test(ran.err)], [2, true]);
  const [word = ''] =
    /(?<=--tool )read@[0-9a-f]{32}/.exec((await pin(stand, ['diff', 'files'])).out) ?? [];
  // A tool with that very name does not come between.
  await lists(stand, { ...all('b'), [word]: 'New.' });
  const shown = await pin(stand, ['diff', 'files', '--tool', word]);
  assert.match(shown.out, /^read: /);
  const upper = word.replace(/@.*/, (digits) => digits.toUpperCase());
  assert.equal((await pin(stand, ['accept', 'files', '--tool', upper])).code, 0);
  const now = await states(stand);
  assert.equal(now['read'], 'pinned');
  assert.notEqual(now[word], 'pinned');
  // Named alone it is found.
  assert.match((await pin(stand, ['diff', 'files', '--tool', word])).out, new RegExp(`^${word}: `));
});
