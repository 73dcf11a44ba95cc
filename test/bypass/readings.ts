import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';

import { looseDocuments, type Loose } from './loose-json.ts';

/** One call as some server would understand what it received. */
export interface ReadCall {
  readonly tool: string;
  readonly args: Loose | null;
}

/** What a server received: the headers in lower case, and the bytes. */
export interface Received {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
}

const readingsMax = 200;

/**
 * Every call that some server would see in these bytes. Servers differ: they take the first or the
 * last of two members, ignore case, unpack, take other encodings, stop at the first document or
 * read on. What one of them would run counts as run.
 */
export function callsIn(received: Received): readonly ReadCall[] {
  return textsOf(received).flatMap((text) => callsInText(text));
}

/** The same for a line-based server, for which a newline ends a message wherever it stands. */
export function callsInLines(bytes: Buffer): readonly ReadCall[] {
  return bytes
    .toString('utf8')
    .split(/[\n\r]/)
    .flatMap((line) => callsInText(line));
}

/** Why a call must never have run under the corpus' policy, or null when it may. */
export function whyDenied(call: ReadCall): string | null {
  if (call.tool === 'read') return null;
  if (call.tool !== 'pay') return `a denied tool ran: ${JSON.stringify(call.tool)}`;
  const amounts = call.args === null ? [] : membersNamed(call.args, 'amount');
  const above = amounts.map(amountOf).find((amount) => !(amount <= 1000));
  return above === undefined ? null : `\`pay\` ran with ${above}`;
}

function callsInText(text: string): readonly ReadCall[] {
  return looseDocuments(text).flatMap((document) => callsInDocument(document));
}

function callsInDocument(document: Loose): readonly ReadCall[] {
  if (document.kind === 'list') return document.items.flatMap((item) => callsInDocument(item));
  if (document.kind !== 'object') return [];
  const isCall = membersNamed(document, 'method').some((method) => {
    return method.kind === 'text' && foldText(method.text) === 'tools/call';
  });
  if (!isCall) return [];
  const calls: ReadCall[] = [];
  for (const params of membersNamed(document, 'params')) {
    const names = membersNamed(params, 'name');
    const args = membersNamed(params, 'arguments');
    for (const name of names) {
      for (const one of args.length === 0 ? [null] : args) {
        if (calls.length < readingsMax) calls.push({ tool: toolOf(name), args: one });
      }
    }
  }
  return calls;
}

function toolOf(name: Loose): string {
  if (name.kind === 'text') return name.text;
  // `["read"]` reads as `read` where values are made strings without looking.
  const [first] = name.kind === 'list' ? name.items : [];
  return first === undefined ? `(${name.kind})` : toolOf(first);
}

/** The values of every member whose name some server takes for this one. */
function membersNamed(value: Loose, name: string): readonly Loose[] {
  if (value.kind !== 'object') return [];
  const found = value.members.filter(([key]) => foldText(key) === name);
  return found.map(([, member]) => member);
}

function foldText(text: string): string {
  const bare = text.normalize('NFKC').replaceAll(/\p{Default_Ignorable_Code_Point}|\0.*$/gsu, '');
  return bare.trim().toUpperCase().toLowerCase();
}

/** The number that the most generous server makes of a value; NaN where none does. */
function amountOf(value: Loose): number {
  if (value.kind === 'number') return Number(value.text);
  if (value.kind === 'text') return Number(value.text.normalize('NFKC'));
  if (value.kind === 'list')
    return value.items.length === 0 ? 0 : Math.max(...value.items.map(amountOf));
  return value.kind === 'object' ? NaN : 0;
}

function textsOf({ headers, bytes }: Received): readonly string[] {
  const plain = unpacked(String(headers['content-encoding'] ?? ''), bytes);
  const texts = new Set([plain.toString('utf8'), plain.toString('latin1')]);
  if (plain.includes(0)) {
    texts.add(plain.toString('utf16le'));
    if (plain.length % 2 === 0) texts.add(Buffer.from(plain).swap16().toString('utf16le'));
    texts.add(plain.toString('latin1').replaceAll('\0', ''));
  }
  return [...texts];
}

function unpacked(coding: string, bytes: Buffer): Buffer {
  const decoders = {
    gzip: gunzipSync,
    deflate: inflateSync,
    br: brotliDecompressSync,
    zstd: zstdDecompressSync,
  };
  const decoder = Object.entries(decoders).find(([name]) =>
    coding.toLowerCase().includes(name),
  )?.[1];
  if (decoder === undefined) return bytes;
  try {
    return decoder(bytes, { maxOutputLength: 4_194_304 });
  } catch {
    return bytes;
  }
}
