import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Command } from 'commander';

import { addCommands } from '../src/cli/commands/commands.ts';

// What the reference says is there, is there; and what is there, the reference says.

const quiet = { out: () => undefined, err: () => undefined };
const program = new Command('portcullis').option('-V, --version').enablePositionalOptions();
const { signal } = new AbortController();
await addCommands(program, undefined, { io: quiet, version: '0.0.0', signal });

const guides = ['README.md', 'examples/README.md', ...globSync('docs/**/*.md').sort()];
const commandReference = readFileSync('docs/reference/commands.md', 'utf8');
const commandTable = commandReference.split('\n').filter((line) => line.startsWith('| '));

/** Every command that does something, by the words that call it. */
const commands = new Map<string, Command>();
collect(program, []);

test('every command is in the reference, and each option where its command is', () => {
  const missing: string[] = [];
  for (const [name, command] of commands) {
    const words = name.split(' ');
    const rows = commandTable.filter((row) => words.every((word) => hasWord(called(row), word)));
    if (rows.length === 0) missing.push(name);
    const said = [...rows, ...rows.flatMap(linked), ...proseOn(words[0] ?? '')].join('\n');
    for (const { long } of command.options) {
      if (long === undefined || hasWord(said, long)) continue;
      missing.push(`${name} ${long}`);
    }
  }
  assert.deepEqual(missing, []);
});

test('what the guides call is there, with these options', () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const path of guides) {
    for (const words of invocations(readFileSync(path, 'utf8'))) {
      seen += 1;
      const command = commandOf(words);
      if (command === null) {
        wrong.push(`${path}: ${words.join(' ')}`);
        continue;
      }
      const known = optionsOf(command);
      for (const word of words) {
        const [option = ''] = word.split('=');
        if (/^--?[a-z]/u.test(option) && option !== '--help' && !known.has(option)) {
          wrong.push(`${path}: ${words.join(' ')}: ${option}`);
        }
      }
    }
  }
  assert.ok(seen > 40, `only ${String(seen)} invocations were found: has their form changed?`);
  assert.deepEqual(wrong, []);
});

test('every member of the configuration is in its reference, and no other', () => {
  const text = readFileSync('docs/reference/configuration.md', 'utf8');
  const all = `${text}${readFileSync('docs/reference/audit-record.md', 'utf8')}`;
  const known = membersOf(JSON.parse(readFileSync('spec/config.schema.json', 'utf8')), '');
  const missing = [...known.keys()].filter((path) => {
    const last = path.split('.').at(-1) ?? '';
    return !last.startsWith('$') && last !== '<name>' && !hasWord(all, last);
  });
  assert.deepEqual(missing, []);
  const claimed = [...text.matchAll(/^\| (?<cell>`[^|]*) \|/gmu)]
    .flatMap(({ groups }) => [...(groups?.['cell'] ?? '').matchAll(/`(?<path>[^`]+)`/gu)])
    .map(({ groups }) => (groups?.['path'] ?? '').replace('<label>', '<name>'));
  assert.ok(claimed.length > 20);
  assert.deepEqual(
    claimed.filter((path) => !known.has(path)),
    [],
  );
});

test('every metric is in its reference, and no other', () => {
  const source = readAll(['src/main/state-metrics.ts', ...globSync('src/observe/*.ts')]);
  const made = namesOf(source, /'(?<name>(?:portcullis|process|nodejs)_[a-z_]+)'/gu);
  const rows = readFileSync('docs/reference/metrics.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|')[1] ?? '');
  const said = namesOf(rows.join('\n'), /`(?<name>(?:portcullis|process|nodejs)_[a-z_]+)`/gu);
  assert.ok(made.length > 15);
  assert.deepEqual(said, made);
});

test('every environment variable that is read is in the reference', () => {
  const source = readAll(
    globSync('{src,bin}/**/*.{ts,mjs}').filter((f) => !f.endsWith('.test.ts')),
  );
  const read = namesOf(source, /environment\['(?<name>[A-Z][A-Z_]+)'\]/gu);
  assert.deepEqual(read, ['VALKEY_URL', 'XDG_STATE_HOME']);
  const text = readAll(globSync('docs/**/*.md'));
  assert.deepEqual(
    read.filter((name) => !text.includes(name)),
    [],
  );
});

test('every package that the program is made with is in its reference, and no other', () => {
  const source = readAll(globSync('src/**/*.ts').filter((file) => !file.endsWith('.test.ts')));
  const used = namesOf(source, /\bfrom '(?<name>(?!node:)(?:@[^/']+\/)?[\w.-]*\w)(?=['/])/gu);
  const rows = readFileSync('docs/reference/dependencies.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|')[1] ?? '');
  assert.ok(used.length > 10);
  assert.deepEqual(namesOf(rows.join('\n'), /`(?<name>[^`]+)`/gu), used);
});

function collect(command: Command, words: readonly string[]): void {
  for (const sub of command.commands) {
    const name = [...words, sub.name()];
    if (sub.commands.length === 0) commands.set(name.join(' '), sub);
    collect(sub, name);
  }
}

/** The command that words call, or null. Words in capitals stand for what a person fills in. */
function commandOf(words: readonly string[]): Command | null {
  let at: Command = program;
  for (const word of words) {
    if (at.commands.length === 0) return at;
    const next = at.commands.find((sub) => sub.name() === word);
    // What speaks of a family of commands names none of them.
    if (next === undefined) return at === program ? null : at;
    at = next;
  }
  return at;
}

/** What a row of the table of commands says one types. */
function called(row: string): string {
  return row.split(/(?<!\\)\|/u)[1] ?? '';
}

/** The sections that a row of the table of commands leads to. */
function linked(row: string): readonly string[] {
  return [...row.matchAll(/\]\((?<file>[\w./-]+\.md)(?:#(?<anchor>[\w-]+))?\)/gu)].map(
    ({ groups }) => {
      const text = readFileSync(`docs/reference/${groups?.['file'] ?? ''}`, 'utf8');
      const anchor = groups?.['anchor'];
      if (anchor === undefined) return text;
      const sections = text.split(/^(?=## )/mu);
      return (
        sections.find((one) => one.toLowerCase().startsWith(`## ${anchor.replaceAll('-', ' ')}`)) ??
        ''
      );
    },
  );
}

/** Paragraphs beside the table that speak of a command, and what is said of all of them. */
function proseOn(command: string): readonly string[] {
  const [first = '', ...rest] = commandReference
    .split('\n\n')
    .filter((block) => !block.startsWith('|') && !block.startsWith('# '));
  const named = new RegExp(`\`(?:portcullis )?${command}[ \`]`, 'u');
  return [first, ...rest.filter((block) => named.test(block))];
}

/** The options of a command; of a family, those of its members. */
function optionsOf(command: Command): Set<string | undefined> {
  const own = command.options.flatMap(({ long, short }) => [long, short]);
  return new Set([...own, ...command.commands.flatMap((sub) => [...optionsOf(sub)])]);
}

/** The words behind `portcullis` in code, up to what is handed to another program. */
function invocations(text: string): (readonly string[])[] {
  const code = [...text.matchAll(/```[a-z]*\n(?<block>[^]*?)```|`(?<span>[^`\n]+)`/gu)].flatMap(
    ({ groups }) =>
      (groups?.['block'] ?? groups?.['span'] ?? '').replaceAll('\\\n', ' ').split('\n'),
  );
  const found = code.flatMap((line) => {
    const called = /(?:^|npx |[=$] )portcullis (?<rest>[a-z].*)$/u.exec(line)?.groups?.['rest'];
    if (called === undefined) return [];
    const [own = ''] = called.split(/ -- | # | ?[|;&)>]|\s{3,}/u);
    return [
      own
        .trim()
        .split(/\s+/u)
        .map((word) => word.replaceAll(/[[\]…,]/gu, '')),
    ];
  });
  return found.filter((words) => words.length > 0);
}

/** The members of a configuration, by their path as the reference writes it. */
function membersOf(schema: unknown, path: string): Map<string, true> {
  const found = new Map<string, true>();
  if (typeof schema !== 'object' || schema === null) return found;
  const add = (name: string, inner: unknown): void => {
    const own = path === '' ? name : `${path}.${name}`;
    found.set(own, true);
    for (const key of membersOf(inner, own).keys()) found.set(key, true);
  };
  // An object, and each of its members is looked at before it is used.
  const { properties, additionalProperties, anyOf, oneOf } = schema as Record<string, unknown>;
  if (typeof properties === 'object' && properties !== null) {
    for (const [name, inner] of Object.entries(properties)) add(name, inner);
  }
  if (typeof additionalProperties === 'object') add('<name>', additionalProperties);
  for (const inner of [anyOf, oneOf].flat()) {
    for (const key of membersOf(inner, path).keys()) found.set(key, true);
  }
  return found;
}

function hasWord(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w-])${word.replaceAll(/[.*+?^$()|]/gu, '\\$&')}(?![\\w-])`, 'u').test(
    text,
  );
}

function namesOf(text: string, pattern: RegExp): string[] {
  const names = [...text.matchAll(pattern)].map(({ groups }) => groups?.['name'] ?? '');
  return [...new Set(names)].sort();
}

function readAll(paths: readonly string[]): string {
  return paths.map((path) => readFileSync(path, 'utf8')).join('\n');
}
