import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AsciiText } from './ascii-text.ts';

const whole = new Uint8Array(40);
const decoder = new TextDecoder('latin1');

test('what does not stand for itself is found wherever it stands', () => {
  for (const other of ['\0', '\t', '\x1f', '"', '\\']) {
    for (let offset = 0; offset < 8; offset += 1) {
      for (let length = 0; length < 14; length += 1) {
        // What lies around the text is all of the other, and nothing of it is found.
        whole.fill(other.charCodeAt(0));
        const bytes = whole.subarray(offset, offset + length);
        for (let at = -1; at < length; at += 1) {
          bytes.fill(at % 2 === 0 ? 0x20 : 0x7f);
          if (at >= 0) bytes[at] = other.charCodeAt(0);
          const text = decoder.decode(bytes);
          for (let from = 0; from <= length; from += 1) {
            const expected = at >= from ? at : length;
            assert.equal(new AsciiText(text, bytes).plainEnd(from), expected);
          }
        }
      }
    }
  }
});

test('one text is asked again and again, from the front to the back', () => {
  const text = `aaaa"bbbbbbb\\"cc\ndd"${'e'.repeat(20)}\\\\f"`;
  const ascii = new AsciiText(text, new TextEncoder().encode(text));
  const found: number[] = [];
  for (let at = 0; at < text.length; at = ascii.plainEnd(at) + 1) found.push(ascii.plainEnd(at));
  const expected = [...text.matchAll(/["\\\n]/g)].map(({ index }) => index);
  assert.deepEqual(found, expected);
});
