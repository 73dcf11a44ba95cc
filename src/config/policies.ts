import { resolve } from 'node:path';
import { valueEndAt, type JsonText } from '../base/strict-json.ts';
import type { PolicyProblem } from '../policy/index.ts';
import type { DeclaredPolicy } from '../registry/declared.ts';
import { compileDocument, documentHash } from '../registry/policy-versions.ts';
import type { PolicyEntry } from './file-schema.ts';
import { offsetOf, placeAt, placeFault, pointerOf, type ConfigProblem } from './problem.ts';
import { readJsonFile } from './read-file.ts';

/** Where the policies of a file are read from. */
export interface PolicyReading {
  /** The configuration file, its text and its folder. */
  readonly file: string;
  readonly text: JsonText;
  readonly folder: string;
  /** Problems and the files that were read are added to these. */
  readonly problems: ConfigProblem[];
  readonly files: Set<string>;
}

/** Reads and compiles the policies of one section. Those with a problem are left out. */
export async function readPolicies(
  section: 'policies' | 'guardrails',
  entries: Readonly<Record<string, PolicyEntry>>,
  reading: PolicyReading,
): Promise<ReadonlyMap<string, DeclaredPolicy>> {
  const policies = new Map<string, DeclaredPolicy>();
  for (const [name, entry] of Object.entries(entries)) {
    const path = [section, name];
    const read =
      typeof entry === 'string'
        ? await readFromFile(path, entry, reading)
        : compileAt(textAt(path, reading), reading.problems);
    if (read !== null) policies.set(name, { name, ...read });
  }
  return policies;
}

/** A document and where it stands. */
interface PlacedDocument {
  readonly document: string;
  readonly file: string;
  /** JSON Pointer of the document in its file. */
  readonly pointer: string;
  /** Line and column of its first character, counted from 1. */
  readonly line: number;
  readonly column: number;
}

async function readFromFile(
  path: readonly string[],
  name: string,
  reading: PolicyReading,
): Promise<Omit<DeclaredPolicy, 'name'> | null> {
  const file = resolve(reading.folder, name);
  reading.files.add(file);
  const read = await readJsonFile(file);
  if (read.ok) {
    const { text: document } = read.value.text;
    return compileAt({ document, file, pointer: '', line: 1, column: 1 }, reading.problems);
  }
  const { problem, readable } = read.error;
  const message = `\`${name}\`: ${problem.message}`;
  const named = { path, message, hint: problem.hint };
  reading.problems.push(readable ? problem : placeFault(reading.file, reading.text, named));
  return null;
}

/** The document that is written in the configuration file itself, as its author wrote it. */
function textAt(path: readonly string[], reading: PolicyReading): PlacedDocument {
  const { text } = reading.text;
  const start = offsetOf(reading.text, path);
  const document = text.slice(start, valueEndAt(text, start));
  return { document, file: reading.file, pointer: pointerOf(path), ...placeAt(text, start) };
}

function compileAt(
  placed: PlacedDocument,
  problems: ConfigProblem[],
): Omit<DeclaredPolicy, 'name'> | null {
  const { document } = placed;
  const compiled = compileDocument(document);
  if (compiled.ok) {
    return { document, compiled: compiled.value, hash: documentHash(document) };
  }
  problems.push(...compiled.error.map((problem) => placeIn(placed, problem)));
  return null;
}

/** A problem of a document, in the lines and columns of the file that the document stands in. */
function placeIn(placed: PlacedDocument, problem: PolicyProblem): ConfigProblem {
  const { file, line, column } = placed;
  const { message, hint } = problem;
  return {
    file,
    pointer: placed.pointer + problem.pointer,
    line: line + problem.line - 1,
    column: problem.line === 1 ? column + problem.column - 1 : problem.column,
    message,
    hint,
  };
}
