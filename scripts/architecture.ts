import { readFileSync, globSync } from 'node:fs';
import { posix } from 'node:path';
import architecture from '../architecture.json' with { type: 'json' };
import { findCycles } from './cycles.ts';
import { blank } from './source-text.ts';

/** The shape of `architecture.json`: who may import whom, and which text may stand where. */
export interface Architecture {
  readonly modules: Readonly<Record<string, ModuleRule>>;
  /** Folder -> the only files and folders outside it that may import from it. */
  readonly soleImporters: Readonly<Record<string, readonly string[]>>;
  /** File inside such a folder that everyone may import -> why. */
  readonly soleImporterExceptions: Readonly<Record<string, string>>;
  /** Text -> path prefixes under which it may stand. */
  readonly bannedText: Readonly<Record<string, readonly string[]>>;
  readonly linesMax: number;
}

/** One module: its folders and single files. `imports: ["*"]` may import everything. */
export interface ModuleRule {
  readonly path: string | readonly string[];
  readonly imports: readonly string[];
  /** No `node:` imports and no packages but those in `packages`. */
  readonly pure?: boolean;
  readonly packages?: readonly string[];
}

/** A file of the program; `path` is relative to the repository, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One broken rule, in words that say where and what to do. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

interface Import {
  readonly line: number;
  readonly specifier: string;
  /** The imported file, or null for a package or a `node:` module. */
  readonly target: string | null;
}

/** Where the program's own sources are: the gateway's, and the console's. */
const roots = ['src/', 'console/src/'];

const IMPORT = /(?<!['"\w.])(?:from\s|import\s*\(?)\s*(['"])(?<specifier>[^'"\n]+)\1/g;

/** Every broken rule of `rules` in `files`; tests are exempt from all of them. */
export function checkArchitecture(
  rules: Architecture,
  files: readonly SourceFile[],
): readonly Violation[] {
  const program = files.filter((file) => !isTest(file.path));
  const graph = new Map(program.map((file) => [file.path, importsOf(file)]));
  return [
    ...program.flatMap((file) => checkImports(rules, file, graph.get(file.path) ?? [])),
    ...program.flatMap((file) => checkText(rules, file)),
    ...program.flatMap((file) => checkLength(rules, file)),
    ...checkCycles(graph),
  ];
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.startsWith('test/');
}

function importsOf(file: SourceFile): readonly Import[] {
  const code = blank(file.text, 'comments');
  return [...code.matchAll(IMPORT)].map((match) => {
    const specifier = match.groups?.['specifier'] ?? '';
    const target = specifier.startsWith('.')
      ? posix.join(posix.dirname(file.path), specifier)
      : null;
    return { line: lineAt(code, match.index), specifier, target };
  });
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function moduleOf(rules: Architecture, path: string): [string, ModuleRule] | null {
  const found = Object.entries(rules.modules).find(([, rule]) =>
    [rule.path].flat().some((place) => isUnder(path, place)),
  );
  return found ?? null;
}

function isUnder(path: string, place: string): boolean {
  return path === place || path.startsWith(place.endsWith('/') ? place : `${place}/`);
}

function checkImports(
  rules: Architecture,
  file: SourceFile,
  imports: readonly Import[],
): readonly Violation[] {
  const owner = moduleOf(rules, file.path);
  if (owner === null) {
    const message = 'belongs to no module: add its folder to architecture.json';
    return [{ path: file.path, line: 1, message }];
  }
  return imports.flatMap((one) => {
    const message =
      one.target === null
        ? problemOfPackage(owner, one.specifier)
        : (problemOfModule(rules, owner, one.target) ??
          problemOfSoleImporter(rules, file, one.target));
    return message === null ? [] : [{ path: file.path, line: one.line, message }];
  });
}

function problemOfPackage([name, rule]: [string, ModuleRule], specifier: string): string | null {
  if (specifier.startsWith('node:')) {
    return rule.pure === true ? `\`${name}\` is pure and imports \`${specifier}\`` : null;
  }
  const parts = specifier.split('/');
  const packageName = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  if (rule.packages === undefined && rule.pure !== true) return null;
  if (rule.packages?.includes(packageName) === true) return null;
  return `\`${name}\` may not import the package \`${packageName}\``;
}

function problemOfModule(
  rules: Architecture,
  [name, rule]: [string, ModuleRule],
  target: string,
): string | null {
  if (!roots.some((root) => target.startsWith(root))) {
    return target.endsWith('.json') ? null : `imports \`${target}\`, which is outside the program`;
  }
  const imported = moduleOf(rules, target);
  if (imported === null) return `imports \`${target}\`, which belongs to no module`;
  if (imported[0] === name || rule.imports.includes('*')) return null;
  if (rule.imports.includes(imported[0])) return null;
  return `\`${name}\` may not import \`${imported[0]}\` (${target})`;
}

function problemOfSoleImporter(
  rules: Architecture,
  file: SourceFile,
  target: string,
): string | null {
  if (target in rules.soleImporterExceptions) return null;
  for (const [folder, importers] of Object.entries(rules.soleImporters)) {
    if (!isUnder(target, folder) || isUnder(file.path, folder)) continue;
    if (!importers.some((one) => isUnder(file.path, one)))
      return `only ${importers.join(', ')} may import ${folder}`;
  }
  return null;
}

function checkText(rules: Architecture, file: SourceFile): readonly Violation[] {
  const lines = blank(file.text, 'comments-and-strings').split('\n');
  return Object.entries(rules.bannedText).flatMap(([text, places]) => {
    if (places.some((place) => file.path === place || file.path.startsWith(place))) return [];
    return lines.flatMap((line, index) =>
      hasWord(line, text)
        ? [{ path: file.path, line: index + 1, message: `\`${text.trim()}\` may not stand here` }]
        : [],
    );
  });
}

/** Whether `line` holds `text` and not merely a longer word that begins or ends with it. */
function hasWord(line: string, text: string): boolean {
  const isWord = (character: string): boolean => /[\w$]/.test(character);
  for (let at = line.indexOf(text); at !== -1; at = line.indexOf(text, at + 1)) {
    const before = line.charAt(at - 1);
    const after = line.charAt(at + text.length);
    const longerBefore = isWord(text.charAt(0)) && isWord(before);
    const longerAfter = isWord(text.charAt(text.length - 1)) && isWord(after);
    if (!longerBefore && !longerAfter) return true;
  }
  return false;
}

function checkLength(rules: Architecture, file: SourceFile): readonly Violation[] {
  const lines = file.text.trimEnd().split('\n').length;
  if (lines <= rules.linesMax) return [];
  const message = `${lines} lines, at most ${rules.linesMax}: split the file`;
  return [{ path: file.path, line: rules.linesMax + 1, message }];
}

function checkCycles(graph: ReadonlyMap<string, readonly Import[]>): readonly Violation[] {
  const edges = new Map(
    [...graph].map(([path, imports]) => [path, imports.flatMap((one) => one.target ?? [])]),
  );
  return findCycles(edges).map((cycle) => ({
    path: cycle[0] ?? '',
    line: 1,
    message: `import cycle: ${[...cycle, cycle[0]].join(' -> ')}`,
  }));
}

function main(): void {
  const paths = globSync(roots.flatMap((root) => [`${root}**/*.ts`, `${root}**/*.tsx`])).map(
    (path) => path.replaceAll('\\', '/'),
  );
  const files = paths.sort().map((path) => ({ path, text: readFileSync(path, 'utf8') }));
  const violations = checkArchitecture(architecture, files);
  for (const one of violations) console.log(`${one.path}:${one.line} ${one.message}`);
  if (violations.length > 0) process.exitCode = 1;
  else console.log(`${files.length} files keep the rules of architecture.json`);
}

if (import.meta.main) main();
