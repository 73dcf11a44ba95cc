/** Most tokens of one text. */
const TOKENS_MAX = 20_000;

/**
 * One token. `word` is in lower case; `text` of a string is empty, because its content decides
 * nothing.
 */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'parameter' | 'operator' | 'punctuation' | 'end';
  readonly text: string;
}

/** The operators that are read: the same extent, and no way to define them anew, in each dialect. */
const OPERATORS: ReadonlySet<string> = new Set([
  '=',
  '<>',
  '!=',
  '<',
  '>',
  '<=',
  '>=',
  '+',
  '-',
  '*',
  '/',
  '%',
  '||',
  '->',
  '->>',
  '::',
]);

/** Comparisons after which a minus sign may follow at once (`a=-1`), also for PostgreSQL's lexer. */
const BEFORE_MINUS: ReadonlySet<string> = new Set(['=', '<>', '<', '>', '<=', '>=']);

/** Characters that are an apostrophe, quote, backslash or semicolon after some folding. */
const LOOK_ALIKES =
  /[\u02b9\u02ba\u02bc\u02c8\u02ee\u2032\u2033\u2035\uff07\uff02\uff3c\uff1b\ufe54\ufe68]/;

/** What no reader shows, inside a string: controls but for white space, formats, surrogates. */
const UNSEEN = /[^\P{Cc}\t\n\r]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const SPACE = /[ \t\r\n]+/y;
const LINE_COMMENT = /--(?=[ \t\n]|$)[^\n]*/y;
const BLOCK_COMMENT = /\/\*(?![!+]|M!)[^]*?\*\//y;
const STRING = /'[^']*(?:''[^']*)*'/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PARAMETER = /\$[1-9][0-9]{0,4}|\?/y;
const OPERATOR = /[-+*/<>=!%|:~@#^&?`]+/y;
const PUNCTUATION = /[(),.;]/y;

/**
 * The tokens of `text`, with an `end` after the last, or null as soon as something stands in it
 * that PostgreSQL, MySQL, MariaDB and SQLite do not all cut in the same way: a backslash, any
 * quote but the apostrophe, `#`, `--` without a space, `/*!`, `/*+`, nested comments, a carriage
 * return inside a line comment, dollar quotes, prefixed strings (`E''`, `U&''`, `x''`), variables,
 * non-ASCII outside strings and comments, and what is not visible. Linear in the text's length.
 */
export function tokenize(text: string): readonly Token[] | null {
  if (UNSEEN.test(text) || LOOK_ALIKES.test(text) || text.includes('\\')) return null;
  const tokens: Token[] = [];
  let offset = 0;
  while (offset < text.length) {
    const blank = skipBlank(text, offset);
    if (blank === null) return null;
    offset = blank;
    if (offset === text.length) break;
    const cut = cutToken(text, offset);
    if (cut === null || tokens.length >= TOKENS_MAX) return null;
    tokens.push(...cut.tokens);
    offset = cut.end;
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

/** Past white space and comments; null when a comment is not one for every reader. */
function skipBlank(text: string, start: number): number | null {
  let offset = start;
  for (;;) {
    const before = offset;
    offset += matchAt(SPACE, text, offset)?.length ?? 0;
    const line = matchAt(LINE_COMMENT, text, offset);
    // A carriage return ends the comment for PostgreSQL alone, unless a line feed follows.
    if (line !== null && /\r(?!$)/.test(line)) return null;
    offset += line?.length ?? 0;
    const block = matchAt(BLOCK_COMMENT, text, offset);
    if (block?.slice(2).includes('/*') === true) return null;
    offset += block?.length ?? 0;
    if (offset === before) return offset;
  }
}

interface Cut {
  readonly tokens: readonly Token[];
  readonly end: number;
}

function cutToken(text: string, offset: number): Cut | null {
  const string = matchAt(STRING, text, offset);
  if (string !== null) {
    const cutString = cutBefore(/[\w'"$]|[^\0-\x7f]/, text, 'string', string, offset);
    return cutString && { ...cutString, tokens: [{ kind: 'string', text: '' }] };
  }

  const word = matchAt(WORD, text, offset);
  if (word !== null) return cutBefore(/['"$&]|[^\0-\x7f]/, text, 'word', word, offset);

  const number = matchAt(NUMBER, text, offset);
  if (number !== null) return cutBefore(/[\w.'"$]|[^\0-\x7f]/, text, 'number', number, offset);

  const parameter = matchAt(PARAMETER, text, offset);
  if (parameter !== null) {
    return cutBefore(/[\w'"$?:@#&|~^-]|[^\0-\x7f]/, text, 'parameter', parameter, offset);
  }

  const punctuation = matchAt(PUNCTUATION, text, offset);
  if (punctuation !== null) return cut('punctuation', punctuation, offset + 1);

  const operator = matchAt(OPERATOR, text, offset);
  return operator === null ? null : cutOperator(operator, offset + operator.length);
}

/** A whole run of operator characters is one operator, or a comparison and a minus sign. */
function cutOperator(run: string, end: number): Cut | null {
  if (OPERATORS.has(run)) return cut('operator', run, end);
  const head = run.slice(0, -1);
  if (!run.endsWith('-') || !BEFORE_MINUS.has(head)) return null;
  return {
    tokens: [
      { kind: 'operator', text: head },
      { kind: 'operator', text: '-' },
    ],
    end,
  };
}

/** A token that must not be followed at once by what would make another token of it somewhere. */
function cutBefore(
  barred: RegExp,
  text: string,
  kind: Token['kind'],
  matched: string,
  offset: number,
): Cut | null {
  const end = offset + matched.length;
  if (barred.test(text.charAt(end))) return null;
  return cut(kind, matched.toLowerCase(), end);
}

function cut(kind: Token['kind'], text: string, end: number): Cut {
  return { tokens: [{ kind, text }], end };
}

/** What `pattern`, which is sticky, matches at `offset`; null when it is nothing. */
function matchAt(pattern: RegExp, text: string, offset: number): string | null {
  pattern.lastIndex = offset;
  const matched = pattern.exec(text)?.[0] ?? '';
  return matched === '' ? null : matched;
}
