import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeUtf8, malformedUtf8At } from './utf8.ts';

const fatal = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function platform(bytes: Uint8Array): string | null {
  try {
    return fatal.decode(bytes);
  } catch {
    return null;
  }
}

/** Bytes at the borders of every class, so that sequences are nearly right. */
const BORDERS = [
  0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
  0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
];

test('all sequences of up to three border bytes are read as the platform reads them', () => {
  for (const a of BORDERS) {
    for (const b of BORDERS) {
      for (const c of BORDERS) {
        const bytes = Uint8Array.of(a, b, c);
        assert.equal(decodeUtf8(bytes), platform(bytes), `${a} ${b} ${c}`);
        assert.equal(malformedUtf8At(bytes) < 0, platform(bytes) !== null, `${a} ${b} ${c}`);
      }
    }
  }
});

test('random sequences of border bytes, likewise', () => {
  const bytes = fc.array(fc.constantFrom(...BORDERS), { maxLength: 12 });
  const property = fc.property(bytes, (list) => {
    const input = Uint8Array.from(list);
    assert.equal(decodeUtf8(input), platform(input));
    const at = malformedUtf8At(input);
    assert.equal(at < 0, platform(input) !== null);
    if (at >= 0) assert.notEqual(platform(input.subarray(0, at)), null);
  });
  fc.assert(property, { numRuns: 5000 });
});

test('a mark and a replacement character that were sent are kept', () => {
  const encoder = new TextEncoder();
  for (const text of ['\uFEFFa', 'a\uFFFDb', '', '😀']) {
    assert.equal(decodeUtf8(encoder.encode(text)), text);
  }
});
