import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { PolicyDocument } from './document.ts';
import { documentShape } from './fields.ts';
import { placesOf, plainValue, readJsonTree } from './json-tree.ts';
import type { PolicyProblem, UnplacedProblem } from './problem.ts';
import { validate } from './validate.ts';

/**
 * Reads a policy, strictly: unknown and duplicate keys, wrong types, and literals that their
 * operator cannot use are all refused, each with its place. What parses also compiles.
 */
export function parsePolicy(text: string): Result<PolicyDocument, readonly PolicyProblem[]> {
  const tree = readJsonTree(text);
  if (!tree.ok) {
    const { offset, message } = tree.error;
    const place = placesOf(text)(offset);
    return err([{ pointer: '', ...place, message, hint: syntaxHint(text, offset) }]);
  }
  const problems = validate(tree.value, documentShape);
  if (problems.length > 0) return err(placeProblems(text, problems));
  // The shape of `PolicyDocument` is `documentShape`, and the tree was just compared with it.
  return ok(plainValue(tree.value) as unknown as PolicyDocument);
}

/** What people write who know JSON with comments, or another language, is named. */
function syntaxHint(text: string, offset: number): string {
  const found = text[offset] ?? '';
  if (found === '/' || found === '#') return 'JSON has no comments: use `description`';
  if (found === "'") return 'JSON has double quotes alone';
  const isLeftOver = /[}\]]/.test(found) && text.slice(0, offset).trimEnd().endsWith(',');
  return isLeftOver ? 'remove the comma before it' : 'the text must be one JSON object';
}

/**
 * The document as canonical text: two spaces, the author's order of keys, a final newline.
 * Parsing it gives the same document.
 */
export function printPolicy(document: PolicyDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Gives problems their lines and columns, in the order of the text. */
export function placeProblems(
  text: string,
  problems: readonly UnplacedProblem[],
): readonly PolicyProblem[] {
  const placeOf = placesOf(text);
  const inOrder = problems.toSorted((a, b) => a.offset - b.offset);
  return inOrder.map(({ pointer, offset, message, hint }) => ({
    pointer,
    ...placeOf(offset),
    message,
    hint,
  }));
}
