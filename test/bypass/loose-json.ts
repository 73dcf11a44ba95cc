/** A value as a careless reader keeps it: members in their order, twice where they stand twice. */
export type Loose =
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Loose])[] }
  | { readonly kind: 'list'; readonly items: readonly Loose[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'other'; readonly text: string };

const documentsMax = 2_000;
const depthMax = 1_500;

/**
 * The documents that a text holds one behind the other, read with everything that some JSON reader
 * forgives: a byte order mark, comments, trailing commas, single quotes, raw control characters,
 * NaN and Infinity, leading zeros, broken escapes. Reading ends where even that does not help.
 */
export function looseDocuments(text: string): readonly Loose[] {
  const reader = new LooseReader(text.replace(/^\uFEFF/, ''));
  const documents: Loose[] = [];
  while (documents.length < documentsMax) {
    const document = reader.document();
    if (document === null) break;
    documents.push(document);
  }
  return documents;
}

class LooseReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Loose | null {
    this.#space();
    return this.#at < this.#text.length ? this.#value() : null;
  }

  #value(): Loose | null {
    this.#space();
    const c = this.#text.charAt(this.#at);
    if (this.#depth > depthMax) return null;
    if (c === '{') return this.#object();
    if (c === '[') return this.#list();
    if (c === '"' || c === "'") return { kind: 'text', text: this.#string(c) };
    const word = /[^\s,:{}[\]"']+/y;
    word.lastIndex = this.#at;
    const text = word.exec(this.#text)?.[0];
    if (text === undefined) return null;
    this.#at += text.length;
    return { kind: /^[-+.\dNI]/.test(text) ? 'number' : 'other', text };
  }

  #object(): Loose | null {
    const members: [string, Loose][] = [];
    this.#at += 1;
    this.#depth += 1;
    for (;;) {
      this.#separators(',');
      if (this.#ends('}')) return { kind: 'object', members };
      const key = this.#value();
      if (key === null || key.kind === 'object' || key.kind === 'list') return null;
      this.#separators(':');
      const value = this.#value();
      if (value === null) return null;
      members.push([key.text, value]);
    }
  }

  #list(): Loose | null {
    const items: Loose[] = [];
    this.#at += 1;
    this.#depth += 1;
    for (;;) {
      this.#separators(',');
      if (this.#ends(']')) return { kind: 'list', items };
      const item = this.#value();
      if (item === null) return null;
      items.push(item);
    }
  }

  #ends(closing: string): boolean {
    if (this.#text.charAt(this.#at) !== closing) return false;
    this.#at += 1;
    this.#depth -= 1;
    return true;
  }

  #separators(separator: string): void {
    this.#space();
    while (this.#text.charAt(this.#at) === separator) {
      this.#at += 1;
      this.#space();
    }
  }

  #space(): void {
    const space = /(?:\s|\/\/[^\n]*|\/\*.*?\*\/|#[^\n]*)*/sy;
    space.lastIndex = this.#at;
    this.#at += space.exec(this.#text)?.[0].length ?? 0;
  }

  #string(quote: string): string {
    let text = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const c = this.#text.charAt(this.#at);
      if (c === quote) {
        this.#at += 1;
        return text;
      }
      text += c === '\\' ? this.#escape() : c;
    }
    return text;
  }

  #escape(): string {
    this.#at += 1;
    const c = this.#text.charAt(this.#at);
    const hex = /^[0-9a-fA-F]{4}/.exec(this.#text.slice(this.#at + 1, this.#at + 5))?.[0];
    if (c === 'u' && hex !== undefined) {
      this.#at += 4;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    return { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }[c] ?? c;
  }
}
