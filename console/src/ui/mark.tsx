import type { ReactNode } from 'react';

/** The sign of the product; the larger it stands, the finer its lines. */
export function Mark({
  size,
  lines,
}: {
  readonly size: 'size-5' | 'size-9';
  readonly lines: number;
}): ReactNode {
  return (
    <svg
      viewBox="0 0 16 16"
      className={`${size} text-accent`}
      fill="none"
      stroke="currentColor"
      strokeWidth={lines}
      aria-hidden
    >
      <path d="M2 15V7a6 6 0 0 1 12 0v8M6 2v13M10 2v13M2 8h12" />
    </svg>
  );
}
