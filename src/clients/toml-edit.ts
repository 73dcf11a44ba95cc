import { err, ok, type Result } from '../base/result.ts';

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Replaces the values of `command` and `args` in one table of a TOML file, by their ranges. Tables
 * written inline or as dotted keys are left alone: the error says so.
 */
export function editTomlEntry(
  text: string,
  path: readonly string[],
  to: { readonly command: string; readonly args: readonly string[] },
): Result<string, string> {
  const table = tableOf(text, path);
  if (table === null)
    return err('its table is not written as `[mcp_servers.NAME]`: change it by hand');
  const command = valueOf(text, table, 'command');
  if (command === null) return err('its `command` is not on a line of its own: change it by hand');
  const args = valueOf(text, table, 'args');
  const list = `[${to.args.map(quoted).join(', ')}]`;
  const edits: (Range & { readonly text: string })[] = [{ ...command, text: quoted(to.command) }];
  if (args === null) {
    const eol = text.includes('\r\n') ? '\r\n' : '\n';
    edits.push({ start: command.end, end: command.end, text: `${eol}args = ${list}` });
  } else edits.push({ ...args, text: list });
  const ordered = edits.toSorted((a, b) => b.start - a.start);
  return ok(
    ordered.reduce(
      (now, { start, end, text: value }) => now.slice(0, start) + value + now.slice(end),
      text,
    ),
  );
}

/** From the line behind the table's header to the next header. */
function tableOf(text: string, path: readonly string[]): Range | null {
  const lines = linesOf(text);
  const at = lines.findIndex(({ content }) => {
    const header = headerOf(content);
    return (
      header !== null && header.length === path.length && header.every((key, n) => key === path[n])
    );
  });
  if (at < 0) return null;
  const next = lines.slice(at + 1).find(({ content }) => headerOf(content) !== null);
  const first = lines[at + 1];
  return { start: first?.start ?? text.length, end: next?.start ?? text.length };
}

function headerOf(line: string): readonly string[] | null {
  const inner = /^\s*\[([^[\]]+)\]\s*(?:#.*)?$/.exec(line)?.[1];
  if (inner === undefined) return null;
  const keys = inner.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+/g) ?? [];
  return keys.map((key) => (key.startsWith('"') || key.startsWith("'") ? key.slice(1, -1) : key));
}

/** The range of a key's value, over several lines where a list goes on. */
function valueOf(text: string, table: Range, key: string): Range | null {
  const pattern = new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*`, 'm');
  const found = pattern.exec(text.slice(table.start, table.end));
  if (found === null) return null;
  const start = table.start + found.index + found[0].length;
  const end = endOfValue(text, start);
  return end === null || end > table.end ? null : { start, end };
}

function endOfValue(text: string, start: number): number | null {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const character = text.charAt(at);
    if (text.startsWith('"""', at) || text.startsWith("'''", at)) return null;
    if (character === '"' || character === "'") {
      const close = closeOfString(text, at);
      if (close === null) return null;
      at = close;
      if (depth === 0) return at;
      continue;
    }
    if (character === '#') {
      const line = text.indexOf('\n', at);
      if (depth === 0 || line < 0) return null;
      at = line;
    } else if (character === '[') depth += 1;
    else if (character === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && character === '\n') return null;
    at += 1;
  }
  return null;
}

function closeOfString(text: string, open: number): number | null {
  const quote = text.charAt(open);
  for (let at = open + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\n') return null;
    if (character === '\\' && quote === '"') at += 1;
    else if (character === quote) return at + 1;
  }
  return null;
}

function linesOf(text: string): readonly { readonly start: number; readonly content: string }[] {
  const lines: { start: number; content: string }[] = [];
  let start = 0;
  for (const content of text.split('\n')) {
    lines.push({ start, content: content.replace(/\r$/, '') });
    start += content.length + 1;
  }
  return lines;
}

/** A basic string: JSON's escapes are TOML's (TOML 1.0, strings). */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}
