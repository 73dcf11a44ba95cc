import type { RecordBody } from './record.ts';

const unprintable = /[^\x20-\x7e]/;
const everyUnprintable = /[^\x20-\x7e]/g;
/** Texts that JSON writes as they are: ids, digests, and most names. */
const plain = /^[\w:./ -]*$/;

/**
 * A record as the JSON that `JSON.stringify` gives, without its opening brace, in printable ASCII
 * alone. Two records of nearly the same texts are made for every call: each text is written once and
 * remembered, which takes half of the time.
 */
export function encodeRecord(body: RecordBody): string {
  return `${encodeMembers(body)}}`;
}

function encodeMembers(object: object): string {
  let json = '';
  for (const name in object) {
    // A key of its own: records, and the units in them, are object literals.
    const value: unknown = object[name as keyof typeof object];
    if (value === undefined) continue;
    json += json === '' ? `"${name}":` : `,"${name}":`;
    json += encodeMember(name, value);
  }
  return json;
}

function encodeMember(name: string, value: unknown): string {
  switch (typeof value) {
    case 'string':
      return changes.has(name) ? encodeText(value) : remembered(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      if (value === null) return 'null';
      // The type of every record says that these are lists of objects.
      if (name === 'units') return encodeList(value as readonly object[]);
      return escapeUnprintable(JSON.stringify(value));
  }
}

function encodeList(objects: readonly object[]): string {
  let json = '';
  for (const object of objects) json += `${json === '' ? '' : ','}{${encodeMembers(object)}}`;
  return `[${json}]`;
}

/** Members that are another text in every record. */
const changes: ReadonlySet<string> = new Set(['id', 'argumentsDigest', 'message', 'traceparent']);

function encodeText(text: string): string {
  return plain.test(text) ? `"${text}"` : escapeUnprintable(JSON.stringify(text));
}

/** As many texts as a few thousand grants and tools have; begun anew when there are more. */
const textsMax = 8_192;
const textCharactersMax = 512;
const texts = new Map<string, string>();

function remembered(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  const encoded = encodeText(text);
  if (text.length > textCharactersMax) return encoded;
  if (texts.size >= textsMax) texts.clear();
  texts.set(text, encoded);
  return encoded;
}

/** Replaces whatever is not printable ASCII by JSON escapes: the JSON value stays the same. */
export function escapeUnprintable(json: string): string {
  if (!unprintable.test(json)) return json;
  return json.replace(
    everyUnprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
