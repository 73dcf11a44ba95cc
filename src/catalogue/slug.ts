import { hash } from 'node:crypto';

const slugMax = 80;

/**
 * The name as a step of an address: letters and digits of every script, `_`, `.` and `-` stay as
 * they are. What is lost in any other name is made up for by a piece of its hash, so that distinct
 * names have distinct slugs and the same name has always the same.
 */
export function slugOf(name: string): string {
  const plain = name.normalize('NFC').replaceAll(/[^\p{L}\p{M}\p{N}_.-]+/gu, '-');
  const readable = Array.from(plain)
    .slice(0, slugMax)
    .join('')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  if (readable === name && name !== '') return name;
  const piece = hash('sha256', name, 'hex').slice(0, 8);
  return readable === '' ? piece : `${readable}-${piece}`;
}
