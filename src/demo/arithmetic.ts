import { err, ok, type Result } from '../base/result.ts';

const DEPTH_MAX = 50;
const TOKEN =
  /\s*(?:(?<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?<name>[a-z]\w*)|(?<sign>[-+*/^(),%]))/iy;

const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI],
  ['e', Math.E],
]);

const FUNCTIONS: ReadonlyMap<string, (...values: readonly number[]) => number> = new Map([
  ['sqrt', (x = Number.NaN) => Math.sqrt(x)],
  ['abs', (x = Number.NaN) => Math.abs(x)],
  ['round', (x = Number.NaN) => Math.round(x)],
  ['floor', (x = Number.NaN) => Math.floor(x)],
  ['ceil', (x = Number.NaN) => Math.ceil(x)],
  ['sin', (x = Number.NaN) => Math.sin(x)],
  ['cos', (x = Number.NaN) => Math.cos(x)],
  ['tan', (x = Number.NaN) => Math.tan(x)],
  ['ln', (x = Number.NaN) => Math.log(x)],
  ['log', (x = Number.NaN) => Math.log10(x)],
  ['exp', (x = Number.NaN) => Math.exp(x)],
  ['min', (...values) => Math.min(...values)],
  ['max', (...values) => Math.max(...values)],
]);

interface Parser {
  readonly tokens: readonly string[];
  /** Names that stand for a value beside the constants. */
  readonly variables: ReadonlyMap<string, number>;
  at: number;
  depth: number;
  problem: string | null;
}

/**
 * The value of an arithmetic expression: `+ - * / % ^`, parentheses, a few functions, `pi`, `e` and
 * the variables given. Nothing is ever run as code; an error is a sentence.
 */
export function evaluate(
  expression: string,
  variables: ReadonlyMap<string, number> = new Map(),
): Result<number, string> {
  const tokens = tokenize(expression);
  if (!tokens.ok) return tokens;
  const parser: Parser = { tokens: tokens.value, variables, at: 0, depth: 0, problem: null };
  const value = parseSum(parser);
  if (parser.problem !== null) return err(parser.problem);
  if (parser.at < parser.tokens.length) return err(`unexpected \`${parser.tokens[parser.at]}\``);
  return Number.isFinite(value) ? ok(value) : err('the result is not a finite number');
}

function tokenize(expression: string): Result<readonly string[], string> {
  const source = expression.trim();
  const tokens: string[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(source);
    if (match === null) return err(`cannot read \`${source.slice(at, at + 10)}\``);
    tokens.push(match[0].trim());
  }
  return tokens.length === 0 ? err('the expression is empty') : ok(tokens);
}

function take(parser: Parser, ...wanted: readonly string[]): string | null {
  const token = parser.tokens[parser.at];
  if (token === undefined || !wanted.includes(token)) return null;
  parser.at += 1;
  return token;
}

function fail(parser: Parser, problem: string): number {
  parser.problem ??= problem;
  return Number.NaN;
}

function parseSum(parser: Parser): number {
  let value = parseProduct(parser);
  for (let sign = take(parser, '+', '-'); sign !== null; sign = take(parser, '+', '-')) {
    const right = parseProduct(parser);
    value = sign === '+' ? value + right : value - right;
  }
  return value;
}

function parseProduct(parser: Parser): number {
  let value = parseSigned(parser);
  for (let sign = take(parser, '*', '/', '%'); sign !== null; sign = take(parser, '*', '/', '%')) {
    const right = parseSigned(parser);
    if (sign === '*') value *= right;
    else if (right === 0) return fail(parser, 'division by zero');
    else value = sign === '/' ? value / right : value % right;
  }
  return value;
}

function parseSigned(parser: Parser): number {
  parser.depth += 1;
  if (parser.depth > DEPTH_MAX) return fail(parser, 'the expression is nested too deeply');
  const sign = take(parser, '-', '+');
  const value = sign === null ? parsePower(parser) : parseSigned(parser);
  parser.depth -= 1;
  return sign === '-' ? -value : value;
}

function parsePower(parser: Parser): number {
  const base = parseAtom(parser);
  return take(parser, '^') === null ? base : base ** parseSigned(parser);
}

function parseAtom(parser: Parser): number {
  const token = parser.tokens[parser.at];
  if (token === undefined) return fail(parser, 'the expression ends too early');
  parser.at += 1;
  if (token === '(') {
    const value = parseSum(parser);
    return take(parser, ')') === null ? fail(parser, 'a `)` is missing') : value;
  }
  if (/^\d/.test(token)) return Number(token);
  if (!/^[a-z]/i.test(token)) return fail(parser, `unexpected \`${token}\``);
  if (take(parser, '(') !== null) return parseCall(parser, token);
  const known = parser.variables.get(token) ?? CONSTANTS.get(token.toLowerCase());
  return known ?? fail(parser, `unknown name \`${token}\``);
}

function parseCall(parser: Parser, name: string): number {
  const values = [parseSum(parser)];
  while (take(parser, ',') !== null) values.push(parseSum(parser));
  if (take(parser, ')') === null) return fail(parser, 'a `)` is missing');
  const apply = FUNCTIONS.get(name.toLowerCase());
  return apply === undefined ? fail(parser, `unknown function \`${name}\``) : apply(...values);
}
