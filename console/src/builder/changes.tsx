import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';

import { reading } from '../api/queries.ts';
import { Badge, Foreign, Problem, Select, Sentence, type BadgeTone } from '../ui/kit.tsx';
import { moment } from '../ui/time.ts';

const kinds: Readonly<Record<string, readonly [string, BadgeTone]>> = {
  allows: ['newly allowed', 'warn'],
  refuses: ['newly refused', 'bad'],
  asks: ['asks now', 'accent'],
  'asks-no-more': ['asks no more', 'warn'],
  labels: ['labels now', 'violet'],
  'labels-no-more': ['labels no more', 'violet'],
  shows: ['shown now', 'accent'],
  hides: ['hidden now', 'neutral'],
};

interface ChangesProps {
  readonly text: string;
  readonly policy: string;
  readonly server: string;
}

/** What a draft would change: by the documents alone, and on the calls of the last days. */
export function Changes({ text, policy, server }: ChangesProps): ReactNode {
  return (
    <div className="space-y-5 p-4">
      <Difference {...{ text, policy, server }} />
      <Traffic {...{ text, policy, server }} />
    </div>
  );
}

export function Difference({ text, policy, server }: ChangesProps): ReactNode {
  const diff = useQuery({
    ...reading('diffPolicy', { input: { document: text, policy, server } }),
    retry: false,
  });
  const changes = diff.data ?? [];
  return (
    <section aria-label="What changes">
      <h3 className="mb-1 text-sm font-semibold">Beside the version in force</h3>
      <Problem error={diff.error} />
      {diff.data !== undefined && changes.length === 0 ? (
        <p className="text-sm text-soft">No call of a known tool is decided otherwise.</p>
      ) : null}
      <ul className="divide-y divide-line">
        {changes.map(({ tool, kind, text: words, rule }, index) => {
          const [name, tone] = kinds[kind] ?? [kind, 'neutral'];
          return (
            <li key={index} className="flex flex-wrap items-baseline gap-2 py-1 text-sm">
              <Badge tone={tone}>{name}</Badge>
              <Foreign mono className="font-medium">
                {tool}
              </Foreign>
              <span className="text-xs text-soft">
                <Sentence>{words}</Sentence> <Foreign mono>{rule}</Foreign>
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Traffic({ text, policy, server }: ChangesProps): ReactNode {
  const [days, setDays] = useState(7);
  const input = { document: text, server, policy: null, days };
  const simulation = useQuery({ ...reading('simulatePolicy', { input }), retry: false });
  const found = simulation.data;
  return (
    <section aria-label="Recorded traffic">
      <div className="mb-1 flex items-center justify-between gap-2">
        <h3 className="text-sm font-semibold">On recorded calls to {server}</h3>
        <Select
          aria-label="Days"
          className="!w-auto"
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
        >
          <option value={1}>last day</option>
          <option value={7}>last 7 days</option>
          <option value={30}>last 30 days</option>
        </Select>
      </div>
      <Problem error={simulation.error} />
      {found === undefined ? null : (
        <>
          <p className="text-sm">
            {found.calls.toLocaleString()} calls: <strong>{found.changedCount}</strong> would be
            answered otherwise, {found.cannotTellCount} cannot be told (values of arguments are not
            kept), {found.unchanged} stay as they were.
          </p>
          {policy === '' ? null : (
            <ul className="mt-1 divide-y divide-line">
              {found.changed.slice(0, 20).map((call) => (
                <li key={call.seq} className="flex flex-wrap items-baseline gap-2 py-1 text-xs">
                  <Link to="/log" search={{ id: call.id }} className="text-accent hover:underline">
                    {moment(call.time)}
                  </Link>
                  <Foreign mono>{call.tool}</Foreign>
                  <span className="text-soft">
                    {call.was} → <strong>{call.becomes}</strong>{' '}
                    <Foreign mono>{call.rules.join(' or ')}</Foreign>
                  </span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
}
