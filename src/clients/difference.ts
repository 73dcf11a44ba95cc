/** The lines that differ between two texts, as a person reads them: `-` before, `+` after. */
export function differenceOf(before: string, after: string): readonly string[] {
  const a = before.split('\n');
  const b = after.split('\n');
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start += 1;
  let end = 0;
  while (
    end < Math.min(a.length, b.length) - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  ) {
    end += 1;
  }
  const context = 2;
  const head = a.slice(Math.max(0, start - context), start);
  const tail = a.slice(a.length - end, a.length - end + context);
  return [
    `@@ line ${start + 1} @@`,
    ...head.map((line) => ` ${line}`),
    ...a.slice(start, a.length - end).map((line) => `-${line}`),
    ...b.slice(start, b.length - end).map((line) => `+${line}`),
    ...tail.map((line) => ` ${line}`),
  ].map((line) => line.replace(/\r$/, ''));
}
