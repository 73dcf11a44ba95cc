/** Lenient, because code below the edge does not catch: what it repairs is found out afterwards. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of the bytes, or null where they are not UTF-8. Nothing is repaired or stripped. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  const text = decoder.decode(bytes);
  // A repaired sequence always leaves U+FFFD behind, so only a text that holds one can be repaired.
  if (!text.includes('\uFFFD')) return text;
  return malformedUtf8At(bytes) < 0 ? text : null;
}

/**
 * The offset of the first byte that does not belong to a well-formed sequence (Unicode 15, table
 * 3-7: no overlong forms, no surrogates, nothing above U+10FFFF), or -1.
 */
export function malformedUtf8At(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return -1;
}

function sequenceLength(bytes: Uint8Array, at: number): 0 | 1 | 2 | 3 | 4 {
  const lead = byteAt(bytes, at);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const second = byteAt(bytes, at + 1);
  if (lead < 0xe0) return isTail(second) ? 2 : 0;

  const [low, high] = secondByteRange(lead);
  if (second < low || second > high || !isTail(byteAt(bytes, at + 2))) return 0;
  if (lead < 0xf0) return 3;
  return isTail(byteAt(bytes, at + 3)) ? 4 : 0;
}

/** The ranges that keep out overlong forms, surrogates and what lies above U+10FFFF. */
function secondByteRange(lead: number): readonly [number, number] {
  if (lead === 0xe0) return [0xa0, 0xbf];
  if (lead === 0xed) return [0x80, 0x9f];
  if (lead === 0xf0) return [0x90, 0xbf];
  if (lead === 0xf4) return [0x80, 0x8f];
  return [0x80, 0xbf];
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? -1;
}

function isTail(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}
