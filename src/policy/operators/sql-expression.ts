import {
  deeper,
  listOf,
  name,
  nextIs,
  optional,
  parenthesised,
  peek,
  take,
  takeKind,
  takeOneOf,
} from './sql-reader.ts';
import type { Reader } from './sql-reader.ts';
import {
  LITERAL_TYPES,
  PURE_FUNCTIONS,
  RESERVED,
  RESERVED_FUNCTIONS,
  TYPE_WORDS,
} from './sql-words.ts';

const BINARY = [
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
  'and',
  'or',
  'xor',
  'div',
  'like',
  'ilike',
  'rlike',
  'regexp',
  'glob',
  'escape',
  'between',
];

const NEGATABLE = ['like', 'ilike', 'rlike', 'regexp', 'glob', 'between', 'in'];

/**
 * An expression. Precedence plays no part, because only what is called and selected decides: the
 * operators form one flat chain, in which `between x and y` is two links.
 */
export function expression(reader: Reader): boolean {
  return deeper(reader, chain);
}

/** One or more expressions with commas between. */
export function expressions(reader: Reader): boolean {
  return listOf(reader, expression);
}

/** `order by` with its items, when it comes next. */
export function orderBy(reader: Reader): boolean {
  return optional(reader, ['order', 'by'], () => listOf(reader, orderItem));
}

function orderItem(reader: Reader): boolean {
  if (!expression(reader)) return false;
  takeOneOf(reader, 'asc', 'desc');
  return !take(reader, 'nulls') || takeOneOf(reader, 'first', 'last');
}

function chain(reader: Reader): boolean {
  do {
    while (takeOneOf(reader, 'not', '-', '+'));
    if (!operand(reader) || !postfixes(reader)) return false;
  } while (link(reader));
  return true;
}

/** What joins two operands, `not like` and `is distinct from` included. */
function link(reader: Reader): boolean {
  if (takeOneOf(reader, ...BINARY)) return true;
  const negated = peek(reader, 1).text;
  if (nextIs(reader, 'not') && negated !== 'in' && NEGATABLE.includes(negated)) {
    return take(reader, 'not', negated);
  }
  return (
    take(reader, 'is', 'distinct', 'from') ||
    take(reader, 'is', 'not', 'distinct', 'from') ||
    take(reader, 'at', 'time', 'zone')
  );
}

/** What follows an operand and needs no second one. */
function postfixes(reader: Reader): boolean {
  for (;;) {
    if (take(reader, '::')) {
      if (!type(reader)) return false;
    } else if (take(reader, 'collate')) {
      if (!takeKind(reader, 'word')) return false;
    } else if (take(reader, 'in') || take(reader, 'not', 'in')) {
      if (!parenthesised(reader, queryOrExpressions)) return false;
    } else if (nextIs(reader, 'is') && !isDistinctNext(reader)) {
      if (!isTest(reader)) return false;
    } else {
      return true;
    }
  }
}

function isDistinctNext(reader: Reader): boolean {
  const next = peek(reader, 1).text;
  return next === 'distinct' || (next === 'not' && peek(reader, 2).text === 'distinct');
}

function isTest(reader: Reader): boolean {
  take(reader, 'is');
  take(reader, 'not');
  return takeOneOf(reader, 'null', 'true', 'false', 'unknown');
}

function operand(reader: Reader): boolean {
  const { kind, text } = peek(reader);
  if (kind === 'number' || kind === 'string' || kind === 'parameter') return takeKind(reader, kind);
  if (text === '(') return parenthesised(reader, queryOrExpressions);
  if (kind !== 'word') return false;
  if (takeOneOf(reader, 'null', 'default')) return true;
  if (take(reader, 'case')) return caseBody(reader);
  if (take(reader, 'exists')) return parenthesised(reader, reader.query);
  if (takeOneOf(reader, 'any', 'all', 'some')) return parenthesised(reader, queryOrExpressions);
  if (take(reader, 'cast')) return parenthesised(reader, castBody);
  if (take(reader, 'interval')) return interval(reader);
  if (take(reader, 'values')) return parenthesised(reader, name);
  if (peek(reader, 1).text === '(') return call(reader);
  if (LITERAL_TYPES.has(text) && peek(reader, 1).kind === 'string') return take(reader, text, '');
  return column(reader);
}

function queryOrExpressions(reader: Reader): boolean {
  return nextIs(reader, 'select', 'with', 'values') ? reader.query(reader) : expressions(reader);
}

/** `a`, `a.b`, `a.b.c`, `a.*`. */
function column(reader: Reader): boolean {
  if (!name(reader)) return false;
  for (let parts = 1; take(reader, '.'); parts += 1) {
    if (take(reader, '*')) return true;
    if (parts === 3 || !name(reader)) return false;
  }
  return true;
}

function caseBody(reader: Reader): boolean {
  if (!nextIs(reader, 'when') && !expression(reader)) return false;
  do {
    if (!take(reader, 'when') || !expression(reader)) return false;
    if (!take(reader, 'then') || !expression(reader)) return false;
  } while (nextIs(reader, 'when'));
  return optional(reader, ['else'], expression) && take(reader, 'end');
}

function castBody(reader: Reader): boolean {
  return expression(reader) && take(reader, 'as') && type(reader);
}

function type(reader: Reader): boolean {
  if (!TYPE_WORDS.has(peek(reader).text)) return false;
  while (TYPE_WORDS.has(peek(reader).text)) takeKind(reader, 'word');
  if (nextIs(reader, '(') && !parenthesised(reader, typeSizes)) return false;
  return !takeOneOf(reader, 'with', 'without') || take(reader, 'time', 'zone');
}

function typeSizes(reader: Reader): boolean {
  return listOf(reader, () => takeKind(reader, 'number'));
}

/** `interval '1 day'`, `interval '1' day`, `interval 1 day`. */
function interval(reader: Reader): boolean {
  if (takeKind(reader, 'string')) {
    takeOneOf(reader, ...INTERVAL_UNITS);
    return true;
  }
  if (!takeKind(reader, 'number') && !takeKind(reader, 'parameter')) return false;
  return takeOneOf(reader, ...INTERVAL_UNITS);
}

const INTERVAL_UNITS = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'];

/** A call of a function that is known to be pure, with what may follow its arguments. */
function call(reader: Reader): boolean {
  const { text } = peek(reader);
  if (!PURE_FUNCTIONS.has(text) || (RESERVED.has(text) && !RESERVED_FUNCTIONS.has(text))) {
    return false;
  }
  takeKind(reader, 'word');
  if (!parenthesised(reader, text === 'extract' ? extractBody : callBody)) return false;
  if (!optional(reader, ['filter'], () => parenthesised(reader, filterBody))) return false;
  return optional(reader, ['over'], () => name(reader) || parenthesised(reader, windowBody));
}

function extractBody(reader: Reader): boolean {
  return name(reader) && take(reader, 'from') && expression(reader);
}

function callBody(reader: Reader): boolean {
  if (nextIs(reader, ')') || take(reader, '*')) return true;
  takeOneOf(reader, 'distinct', 'all');
  if (!expressions(reader) || !orderBy(reader)) return false;
  return !take(reader, 'separator') || takeKind(reader, 'string');
}

function filterBody(reader: Reader): boolean {
  return take(reader, 'where') && expression(reader);
}

function windowBody(reader: Reader): boolean {
  if (!optional(reader, ['partition', 'by'], expressions) || !orderBy(reader)) return false;
  if (!takeOneOf(reader, 'rows', 'range', 'groups')) return true;
  if (!take(reader, 'between')) return frameBound(reader);
  return frameBound(reader) && take(reader, 'and') && frameBound(reader);
}

function frameBound(reader: Reader): boolean {
  if (take(reader, 'current', 'row')) return true;
  if (!take(reader, 'unbounded') && !takeKind(reader, 'number')) return false;
  return takeOneOf(reader, 'preceding', 'following');
}
