import { equal } from 'node:assert/strict';
import { test } from 'node:test';

import { remember } from './remember.ts';

const many = Array.from({ length: 6000 }, (_, index) => `w${index}`);

const cases: readonly {
  readonly title: string;
  readonly asked: readonly string[];
  readonly worked: number;
}[] = [
  { title: 'a text that comes again is remembered', asked: ['a', 'b', 'a', 'a'], worked: 2 },
  { title: 'also where the answer is null', asked: ['', '', ''], worked: 1 },
  { title: 'a text of 60 units is', asked: ['x'.repeat(60), 'x'.repeat(60)], worked: 1 },
  { title: 'a longer one is not', asked: ['x'.repeat(61), 'x'.repeat(61)], worked: 2 },
  { title: 'a full memory starts over', asked: ['a', ...many, 'a'], worked: 6002 },
];

for (const { title, asked, worked } of cases) {
  test(title, () => {
    let calls = 0;
    const measured = remember((text): number | null => {
      calls += 1;
      return text === '' ? null : text.length;
    });
    for (const text of asked) equal(measured(text), text === '' ? null : text.length);
    equal(calls, worked);
  });
}
