import { applyEdits, modify, type JSONPath } from 'jsonc-parser';

import { err, ok, type Result } from '../base/result.ts';
import { memberAt, serversIn, type ClientKind, type ClientServer } from './client.ts';
import { parseConfiguration, type ParseToml } from './parse.ts';
import { editTomlEntry } from './toml-edit.ts';

/** The command line that stands in a server's entry afterwards. */
export interface NewCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * A configuration in which one stdio server is started by another command. Only the command and
 * its arguments are written; every other byte stays, comments included. The result is read again
 * and refused unless exactly this entry differs.
 */
export function withCommand(
  client: ClientKind,
  text: string,
  {
    server,
    to,
    parseToml,
  }: {
    readonly server: ClientServer;
    readonly to: NewCommand;
    readonly parseToml: ParseToml;
  },
): Result<string, string> {
  if (server.entry.transport !== 'stdio') return err('only an entry with a command can be changed');
  const edited =
    client.format === 'toml'
      ? editTomlEntry(text, server.path, to)
      : editJson(text, server.path, to);
  if (!edited.ok) return edited;
  return holds(client, { before: text, after: edited.value, server, to, parseToml })
    ? edited
    : err('the entry has a form that cannot be edited safely: change it by hand');
}

function editJson(text: string, path: readonly string[], to: NewCommand): Result<string, string> {
  const root = parseConfiguration({ format: 'json' }, text, () => err('not TOML'));
  if (!root.ok) return root;
  const nested = memberAt(root.value, [...path, 'command']) !== null;
  const at = nested ? [...path, 'command'] : [...path];
  const first = setMember(text, [...at, nested ? 'path' : 'command'], to.command);
  return ok(setMember(first, [...at, 'args'], [...to.args]));
}

function setMember(text: string, path: JSONPath, value: unknown): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const tab = /^\t/m.test(text);
  const formattingOptions = { insertSpaces: !tab, tabSize: tab ? 1 : indentOf(text), eol };
  return applyEdits(text, modify(text, path, value, { formattingOptions }));
}

function indentOf(text: string): number {
  return /\n( +)\S/.exec(text)?.[1]?.length ?? 2;
}

function holds(
  client: ClientKind,
  {
    before,
    after,
    server,
    to,
    parseToml,
  }: {
    readonly before: string;
    readonly after: string;
    readonly server: ClientServer;
    readonly to: NewCommand;
    readonly parseToml: ParseToml;
  },
): boolean {
  const was = parseConfiguration(client, before, parseToml);
  const is = parseConfiguration(client, after, parseToml);
  if (!was.ok || !is.ok) return false;
  const key = JSON.stringify(server.path);
  const expected = serversIn(client, was.value).map((one) =>
    JSON.stringify(one.path) === key ? { ...one, entry: { ...one.entry, ...to } } : one,
  );
  return JSON.stringify(expected) === JSON.stringify(serversIn(client, is.value));
}
