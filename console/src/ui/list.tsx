import type { CSSProperties, ReactNode } from 'react';

import { Empty, Heading, Panel, Scrolled, th } from './kit.tsx';

/** A column by its heading; one that only a screen reader says; one over numbers. */
export type Column = string | { readonly unseen: string } | { readonly toTheRight: string };

/**
 * Rows under their headings. A table that is wider than the window is scrolled by itself; on a
 * phone each row is a block of lines (`style.css`), each with the heading of its column.
 */
export function Table({
  label,
  columns,
  children,
}: {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Scrolled label={label}>
      <table className="stacked w-full text-sm" style={headings(columns)}>
        <thead>
          <tr className="border-b border-line">
            {columns.map((column) => (
              <HeadCell key={JSON.stringify(column)} column={column} />
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">{children}</tbody>
      </table>
    </Scrolled>
  );
}

/** The headings as text for `content`, by where the columns are: `--column-1` and so on. */
function headings(columns: readonly Column[]): CSSProperties {
  const texts = columns.map((column, at) => {
    const text = typeof column === 'object' && 'unseen' in column ? '' : seen(column);
    return [`--column-${at + 1}`, JSON.stringify(text)];
  });
  // React's type does not know properties of one's own.
  return Object.fromEntries(texts) as CSSProperties;
}

function seen(column: Exclude<Column, { readonly unseen: string }>): string {
  return typeof column === 'string' ? column : column.toTheRight;
}

function HeadCell({ column }: { readonly column: Column }): ReactNode {
  if (typeof column === 'string') return <th className={th}>{column}</th>;
  if ('toTheRight' in column) return <th className={`${th} text-right`}>{column.toTheRight}</th>;
  return (
    <th className={th}>
      <span className="sr-only">{column.unseen}</span>
    </th>
  );
}

/** A page that is one list: what it is for, how to make one more, and what to do while it is empty. */
export function ListPage({
  title,
  lead,
  action,
  columns,
  empty,
  problem,
  children,
}: {
  readonly title: string;
  readonly lead: string;
  /** Makes one more; null for whoever may not. */
  readonly action: ReactNode;
  readonly columns: readonly Column[];
  /** Shown in place of the table; null while there are rows, or while they are read. */
  readonly empty: { readonly title: string; readonly text: string } | null;
  readonly problem?: ReactNode;
  /** The rows. */
  readonly children: ReactNode;
}): ReactNode {
  return (
    <>
      <Heading title={title} lead={lead} actions={action} />
      {problem}
      <Panel>
        {empty === null ? (
          <Table label={title} columns={columns}>
            {children}
          </Table>
        ) : (
          <Empty title={empty.title} action={action}>
            {empty.text}
          </Empty>
        )}
      </Panel>
    </>
  );
}
