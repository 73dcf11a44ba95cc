/** What `blank` removes: comments alone, or the contents of string literals as well. */
export type Blanking = 'comments' | 'comments-and-strings';

/** Characters before a slash after which a regular expression can start, rather than a division. */
const BEFORE_REGEX = '(,=:[!&|?{};+-*%<>~^';
const WORDS_BEFORE_REGEX = /\b(?:return|typeof|case|of|in|do|else|void|delete|await|yield)$/;

/**
 * The same source, line for line and column for column, with comments (and, if asked, what string
 * literals say) replaced by spaces, so that a rule about code does not trip over prose. It is a
 * scanner and not a parser: enough for the formatted code of this repository.
 */
export function blank(source: string, blanking: Blanking): string {
  const scan: Scan = { source, at: 0, out: '', strings: blanking === 'comments-and-strings' };
  scanCode(scan, false);
  return scan.out;
}

interface Scan {
  readonly source: string;
  readonly strings: boolean;
  at: number;
  out: string;
}

/** Copies code up to the end, or up to the brace that closes a template's `${`. */
function scanCode(scan: Scan, inTemplate: boolean): void {
  let depth = 0;
  while (scan.at < scan.source.length) {
    const here = scan.source.charAt(scan.at);
    const next = scan.source.charAt(scan.at + 1);
    if (here === '/' && next === '/') hide(scan, endOfLine(scan));
    else if (here === '/' && next === '*') hide(scan, endOfBlockComment(scan));
    else if (here === "'" || here === '"') copyString(scan, here);
    else if (here === '`') copyTemplate(scan);
    else if (here === '/' && regexMayStart(scan.out)) copyRegex(scan);
    else {
      if (here === '{') depth += 1;
      if (here === '}') {
        if (inTemplate && depth === 0) return;
        depth -= 1;
      }
      copy(scan, scan.at + 1);
    }
  }
}

function copy(scan: Scan, end: number): void {
  scan.out += scan.source.slice(scan.at, end);
  scan.at = end;
}

function hide(scan: Scan, end: number): void {
  scan.out += scan.source.slice(scan.at, end).replace(/[^\n]/g, ' ');
  scan.at = end;
}

function endOfLine(scan: Scan): number {
  const end = scan.source.indexOf('\n', scan.at);
  return end === -1 ? scan.source.length : end;
}

function endOfBlockComment(scan: Scan): number {
  const end = scan.source.indexOf('*/', scan.at + 2);
  return end === -1 ? scan.source.length : end + 2;
}

function copyContents(scan: Scan, end: number): void {
  if (scan.strings) hide(scan, end);
  else copy(scan, end);
}

function copyString(scan: Scan, quote: string): void {
  let end = scan.at + 1;
  // An apostrophe in a page's text opens no string: it ends with its line at the latest.
  while (end < scan.source.length && !`${quote}\n`.includes(scan.source.charAt(end))) {
    end += scan.source.charAt(end) === '\\' ? 2 : 1;
  }
  copy(scan, scan.at + 1);
  copyContents(scan, Math.min(end, scan.source.length));
  if (scan.source.charAt(scan.at) === quote) copy(scan, scan.at + 1);
}

function copyTemplate(scan: Scan): void {
  copy(scan, scan.at + 1);
  while (scan.at < scan.source.length) {
    const here = scan.source.charAt(scan.at);
    if (here === '`') return copy(scan, scan.at + 1);
    if (here === '$' && scan.source.charAt(scan.at + 1) === '{') {
      copy(scan, scan.at + 2);
      scanCode(scan, true);
      copy(scan, Math.min(scan.at + 1, scan.source.length));
    } else {
      copyContents(scan, Math.min(scan.at + (here === '\\' ? 2 : 1), scan.source.length));
    }
  }
}

function regexMayStart(before: string): boolean {
  const code = before.trimEnd();
  if (code === '') return true;
  return BEFORE_REGEX.includes(code.charAt(code.length - 1)) || WORDS_BEFORE_REGEX.test(code);
}

function copyRegex(scan: Scan): void {
  let end = scan.at + 1;
  let inClass = false;
  while (end < scan.source.length && scan.source.charAt(end) !== '\n') {
    const here = scan.source.charAt(end);
    if (here === '/' && !inClass) break;
    if (here === '[') inClass = true;
    if (here === ']') inClass = false;
    end += here === '\\' ? 2 : 1;
  }
  copyContents(scan, Math.min(end + 1, scan.source.length));
}
