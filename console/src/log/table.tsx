import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import type { LogLine } from '../api/queries.ts';
import { Badge, classes, Empty, Foreign, td, type BadgeTone } from '../ui/kit.tsx';
import { Table, type Column } from '../ui/list.tsx';
import { moment } from '../ui/time.ts';

const tones: Readonly<Record<string, BadgeTone>> = {
  forwarded: 'good',
  allow: 'good',
  refused: 'bad',
  deny: 'bad',
  held: 'warn',
  changed: 'accent',
};

/** Lines of the log, newest first; each leads to its story. */
export function LogTable({
  lines,
  selected = null,
  brief = false,
}: {
  readonly lines: readonly LogLine[];
  readonly selected?: string | null;
  /** Beside something else: without the time that a call took, its rule below its tool. */
  readonly brief?: boolean;
}): ReactNode {
  if (lines.length === 0) {
    return (
      <Empty title="Nothing here yet">Give a grant's token to a client, and make a call.</Empty>
    );
  }
  return (
    <Table
      label="Records"
      columns={['When', 'Who', 'What', 'Done', ...(brief ? [] : ['Rule', took])]}
    >
      {lines.map((line) => (
        <Line key={`${line.seq}`} line={line} selected={selected === line.id} brief={brief} />
      ))}
    </Table>
  );
}

const took: Column = { toTheRight: 'Took' };

/** Says that an answer has not all there is; nothing where it has, or where there is none yet. */
export function Behind({
  complete,
  counts = false,
  className,
}: {
  readonly complete: boolean | undefined;
  /** Whether it is about numbers, of which there may be more than are counted at once. */
  readonly counts?: boolean;
  readonly className?: string;
}): ReactNode {
  if (complete !== false) return null;
  return (
    <p role="status" className={classes('text-sm text-soft', className)}>
      {counts
        ? 'Not every call is counted: the newest records are still being made searchable, or there are more than are counted at once.'
        : 'The newest records are still being made searchable; this list fills itself.'}
    </p>
  );
}

function Line({
  line,
  selected,
  brief,
}: {
  readonly line: LogLine;
  readonly selected: boolean;
  readonly brief: boolean;
}): ReactNode {
  const { time, id, grant, principal, server, what, done, detail, outcome, ms } = line;
  return (
    <tr className={selected ? 'bg-accent-soft' : 'hover:bg-paper'}>
      <td className={`${td} whitespace-nowrap`}>
        <Link
          to="/log"
          search={(before) => ({ ...before, id })}
          className="text-accent hover:underline"
        >
          {moment(time)}
        </Link>
      </td>
      <td className={`${td} min-w-24`}>
        <Foreign>{grant ?? principal ?? '–'}</Foreign>
      </td>
      <td className={`${td} min-w-40`}>
        {server === null ? null : <span className="text-soft">{server} · </span>}
        <Foreign mono>{what}</Foreign>
        {detail === null ? null : (
          <span className="line-clamp-2 max-w-md text-xs text-soft">
            <Foreign>{detail}</Foreign>
          </span>
        )}
        {brief ? <Rule of={line} /> : null}
      </td>
      <td className={`${td} whitespace-nowrap`}>
        <Badge tone={tones[done] ?? 'neutral'}>{done}</Badge>
        {outcome === null || outcome === 'ok' ? null : (
          <span className="ml-1.5 text-xs text-soft">{outcome}</span>
        )}
      </td>
      {brief ? null : (
        <>
          <td className={`${td} min-w-32`}>
            <Rule of={line} />
          </td>
          <td className={`${td} text-right text-xs whitespace-nowrap text-soft tabular-nums`}>
            {ms === null ? '' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`}
          </td>
        </>
      )}
    </tr>
  );
}

function Rule({ of: { rule } }: { readonly of: LogLine }): ReactNode {
  if (rule === null) return null;
  return (
    <Foreign mono className="block text-xs text-soft">
      {rule}
    </Foreign>
  );
}
