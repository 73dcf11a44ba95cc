import { blank } from './source-text.ts';

/** One small change of a source file that some test should notice. */
export interface Mutant {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly what: string;
  /** The whole file with the change in it. */
  readonly text: string;
}

interface Rule {
  readonly find: RegExp;
  readonly replace: (found: string) => string;
  /** Whether the rule looks into string literals. */
  readonly words?: boolean;
}

const swaps: Readonly<Record<string, string>> = {
  ' === ': ' !== ',
  ' !== ': ' === ',
  ' < ': ' <= ',
  ' <= ': ' < ',
  ' > ': ' >= ',
  ' >= ': ' > ',
  ' && ': ' || ',
  ' || ': ' && ',
  ' + 1': ' - 1',
  ' - 1': ' + 1',
  '.some(': '.every(',
  '.every(': '.some(',
  true: 'false',
  false: 'true',
};

const outcomes: Readonly<Record<string, string>> = {
  "'holds'": "'cannot-tell'",
  "'does-not-hold'": "'holds'",
  "'cannot-tell'": "'does-not-hold'",
};

const rules: readonly Rule[] = [
  { find: / (?:===|!==|<|<=|>|>=|&&|\|\|) /g, replace: (found) => swaps[found] ?? found },
  { find: / [+-] 1\b/g, replace: (found) => swaps[found] ?? found },
  { find: /\.(?:some|every)\(/g, replace: (found) => swaps[found] ?? found },
  { find: /\b(?:true|false)\b/g, replace: (found) => swaps[found] ?? found },
  { find: /\bif \((?=.*\) )/g, replace: () => 'if (false && ' },
  { find: /\bif \((?=.*\) )/g, replace: () => 'if (true || ' },
  {
    find: /\breturn [^;\n?]+ (?:===|!==|<|<=|>|>=|&&|\|\|) [^;\n?]+;/g,
    replace: (found) => `return !(${found.slice('return '.length, -1)});`,
  },
  {
    find: /'(?:holds|does-not-hold|cannot-tell)'/g,
    replace: (found) => outcomes[found] ?? found,
    words: true,
  },
];

/**
 * Lines where a change would say nothing: imports, declarations of types, which are not there when
 * the program runs, and assertions, which nothing that is called from outside can break.
 */
const silent =
  /^\s*(?:import |export type |export interface |type |interface |readonly |\| |assert\(|type\b)/;

/** Every change of one file, in the order of its text. */
export function mutantsOf(path: string, source: string): readonly Mutant[] {
  const code = blank(source, 'comments-and-strings');
  const worded = blank(source, 'comments');
  const found: { readonly at: number; readonly mutant: Mutant }[] = [];
  for (const { find, replace, words } of rules) {
    for (const match of (words === true ? worded : code).matchAll(find)) {
      const lineStart = source.lastIndexOf('\n', match.index - 1) + 1;
      const lineEnd = source.indexOf('\n', match.index);
      const lineText = source.slice(lineStart, lineEnd);
      if (silent.test(lineText) || (words === true && /^\s*[a-z]+: '/.test(lineText) === true))
        continue;
      const end = match.index + match[0].length;
      // What was matched may be blanked: the text itself is what is changed.
      const written = source.slice(match.index, end);
      const replaced = replace(written);
      if (replaced === written) continue;
      const text = source.slice(0, match.index) + replaced + source.slice(end);
      const line = source.slice(0, match.index).split('\n').length;
      const what = `\`${written.trim()}\` -> \`${replaced.trim()}\` in \`${lineText.trim()}\``;
      found.push({ at: match.index, mutant: { path, line, what, text } });
    }
  }
  return found.toSorted((a, b) => a.at - b.at).map(({ mutant }) => mutant);
}
