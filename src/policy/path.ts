import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { nearest } from './nearest.ts';

/** Where a predicate or a cost looks: a root, then steps into its value. */
export interface Path {
  /** As the author wrote it. */
  readonly text: string;
  readonly root: Root;
  readonly steps: readonly Step[];
  /** Whether some step is `[*]`, so that the path names many values. */
  readonly many: boolean;
}

export type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'each' };

/** Every root of the language, with the JSON type of its value. */
export const roots = {
  args: 'object',
  'principal.id': 'string',
  'principal.kind': 'string',
  'grant.label': 'string',
  'server.name': 'string',
  'tool.name': 'string',
  'tool.category': 'string',
  'tool.risk': 'string',
  'time.hour': 'number',
  'time.weekday': 'number',
  'session.labels': 'list',
} as const;

export type Root = keyof typeof roots;

/** Why a path is not one. */
export interface PathFault {
  readonly message: string;
  readonly hint: string | null;
}

/** Bounds of one path, in UTF-16 units and steps. */
const textMax = 1024;
const stepsMax = 32;

/** Reads `args.a["b.c"][0][*]` and its like. */
export function parsePath(text: string): Result<Path, PathFault> {
  if (text.length > textMax) return fault(`the path is longer than ${textMax} characters`);
  const root = rootOf(text);
  if (root === null) return unknownRoot(text);
  const steps = parseSteps(text, root.length);
  if (!steps.ok) return steps;
  if (steps.value.length > stepsMax) return fault(`the path has more than ${stepsMax} steps`);
  const [first] = steps.value;
  if (first !== undefined && roots[root] !== 'object') {
    if (roots[root] !== 'list') return fault(`\`${root}\` is a single value: nothing is inside`);
    if (first.kind === 'key') return fault(`\`${root}\` is a list: use \`[*]\` or an index`);
  }
  const many = steps.value.some((step) => step.kind === 'each');
  return ok({ text, root, steps: steps.value, many });
}

function rootOf(text: string): Root | null {
  for (const root of rootNames) {
    const next = text[root.length];
    if (text.startsWith(root) && (next === undefined || next === '.' || next === '[')) return root;
  }
  return null;
}

// The keys of `roots` are exactly the type `Root`.
const rootNames = Object.keys(roots) as readonly Root[];

function unknownRoot(text: string): Result<Path, PathFault> {
  const head = text.split(/[.[]/, 1)[0] ?? '';
  const rest = text.slice(head.length);
  const message = `\`${text}\` starts with no known root`;
  if (head === 'arguments' || head === 'params' || head === 'input' || head === '$') {
    return err({ message, hint: `write \`args${rest}\`` });
  }
  const near = nearest(text, rootNames) ?? nearest(head, rootNames);
  if (near !== null) return err({ message, hint: `did you mean \`${near}\`?` });
  return err({ message, hint: `for an argument write \`args.${text}\`` });
}

function parseSteps(text: string, from: number): Result<Step[], PathFault> {
  const steps: Step[] = [];
  let at = from;
  while (at < text.length) {
    const step = text[at] === '.' ? dotted(text, at) : bracketed(text, at);
    if (!step.ok) return step;
    steps.push(step.value.step);
    at = step.value.end;
  }
  return ok(steps);
}

interface StepRead {
  readonly step: Step;
  readonly end: number;
}

function dotted(text: string, start: number): Result<StepRead, PathFault> {
  let end = start + 1;
  while (end < text.length && !'.["]'.includes(text.charAt(end))) end += 1;
  const key = text.slice(start + 1, end);
  if (key === '' || key.trim() !== key) {
    return fault(`a name is missing in \`${text}\` after \`${text.slice(0, start + 1)}\``);
  }
  if (key === '*') return fault('`.*` is no step: use `[*]` for every element');
  return ok({ step: { kind: 'key', key }, end });
}

const bracketGrammar = /\[(?:(\*)|(0|[1-9][0-9]{0,8})|("(?:[^"\\]|\\.)*"))\]/y;

function bracketed(text: string, start: number): Result<StepRead, PathFault> {
  bracketGrammar.lastIndex = start;
  const match = bracketGrammar.exec(text);
  if (match === null) {
    return fault(
      `\`${text.slice(start)}\` is no step: use \`.name\`, \`["name"]\`, \`[0]\`, \`[*]\``,
    );
  }
  const end = start + match[0].length;
  if (match[1] !== undefined) return ok({ step: { kind: 'each' }, end });
  if (match[2] !== undefined) {
    return ok({ step: { kind: 'index', index: Number(match[2]) }, end });
  }
  const key = unquote(match[3] ?? '');
  if (key === null) return fault(`\`${match[3]}\` is not a JSON string`);
  return ok({ step: { kind: 'key', key }, end });
}

const quotedGrammar = /^"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"$/u;

function unquote(quoted: string): string | null {
  if (!quotedGrammar.test(quoted)) return null;
  // The grammar of RFC 8259 §7 was just checked, so this gives a string.
  const key = JSON.parse(quoted) as string;
  return key.isWellFormed() ? key : null;
}

function fault(message: string): Result<never, PathFault> {
  return err({ message, hint: null });
}
