import { elementsAt, membersAt, type JsonText } from '../base/strict-json.ts';

/** One thing that is wrong with the configuration, where it is, and what to do about it. */
export interface ConfigProblem {
  /** The file at fault: the configuration itself, or a policy that it names. */
  readonly file: string;
  /** JSON Pointer (RFC 6901) into that file; empty for the whole of it. */
  readonly pointer: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
  /** What was expected and what was found. It never holds a value of the file or a variable. */
  readonly message: string;
  /** What to do, when that is known. */
  readonly hint: string | null;
}

/** A problem in the configuration file whose place in the text is not known yet. */
export interface Fault {
  /** Keys and indexes from the root. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint: string | null;
  /** Whether the key, and not the value, is at fault. */
  readonly atKey?: boolean;
}

/** One line for a terminal: `portcullis.json:12:5: /servers/files: … (did you mean …)`. */
export function explainConfigProblem(problem: ConfigProblem): string {
  const { file, line, column, pointer, message, hint } = problem;
  const where = pointer === '' ? '' : `${pointer}: `;
  return `${file}:${line}:${column}: ${where}${message}${hint === null ? '' : `; ${hint}`}`;
}

/** Line and column, both counted from 1, of an offset in UTF-16 units. */
export function placeAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** Gives a fault its place in the file. */
export function placeFault(file: string, text: JsonText, fault: Fault): ConfigProblem {
  const place = placeAt(text.text, offsetOf(text, fault.path, fault.atKey === true));
  const { message, hint } = fault;
  return { file, pointer: pointerOf(fault.path), ...place, message, hint };
}

/** The JSON Pointer of a path. */
export function pointerOf(path: readonly (string | number)[]): string {
  return path
    .map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** The start of a value, or of the last part of its path that is there. */
export function offsetOf(
  text: JsonText,
  path: readonly (string | number)[],
  atKey = false,
): number {
  let at = text.start;
  for (const [depth, step] of path.entries()) {
    const opening = text.text.charAt(at);
    if (opening === '{') {
      const member = membersAt(text.text, at).find((one) => one.key === String(step));
      if (member === undefined) return at;
      at = atKey && depth === path.length - 1 ? member.keyStart : member.valueStart;
    } else if (opening === '[') {
      const element = elementsAt(text.text, at)[Number(step)];
      if (element === undefined) return at;
      at = element.start;
    } else {
      return at;
    }
  }
  return at;
}
