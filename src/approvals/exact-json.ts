import { membersAt, scanJson, type JsonText } from '../base/strict-json.ts';

/**
 * One text for every spelling of arguments that no server can tell apart. White space and the
 * escapes of strings go; numbers stay as they were written, because `1`, `1.0` and `1e0` are
 * different values to some languages; strings are never normalised. The members of the outermost
 * object are sorted: a tool's parameters go by name. Inside a value their order is kept, because
 * there are servers that read it (a sort order, the first key of a database's command).
 */
export function exactJson(text: JsonText, start: number, end: number): string {
  const source = text.text;
  if (source[start] !== '{') return compact(source, start, end);
  const members = exactMembers(text, start).map(
    ({ key, value }) => `${JSON.stringify(key)}:${value}`,
  );
  return `{${members.join(',')}}`;
}

/** The members of an object, sorted by key in UTF-16 code units, each with its exact text. */
export function exactMembers(
  text: JsonText,
  start: number,
): readonly { readonly key: string; readonly value: string }[] {
  return membersAt(text.text, start)
    .map(({ key, valueStart, valueEnd }) => ({
      key,
      value: compact(text.text, valueStart, valueEnd),
    }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** The top-level members of arguments in exact form: name -> exact text of its value. */
export function exactValues(exact: string): ReadonlyMap<string, string> {
  const size = exact.length * 3 + 1;
  const limits = { bytesMax: size, depthMax: 256, valuesMax: size, stringMax: size };
  const scanned = scanJson(new TextEncoder().encode(exact), limits);
  if (!scanned.ok || exact[scanned.value.start] !== '{') return new Map();
  const members = exactMembers(scanned.value, scanned.value.start);
  return new Map(members.map(({ key, value }) => [key, value]));
}

/** The text without white space between tokens, each string with the fewest escapes. */
function compact(text: string, start: number, end: number): string {
  let out = '';
  let at = start;
  while (at < end) {
    const c = text.charCodeAt(at);
    if (c === 0x22) {
      const stop = stringEnd(text, at);
      const literal = text.slice(at, stop);
      out += literal.includes('\\') ? JSON.stringify(JSON.parse(literal)) : literal;
      at = stop;
    } else {
      if (c > 0x20) out += text[at];
      at += 1;
    }
  }
  return out;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return at + 1;
}
