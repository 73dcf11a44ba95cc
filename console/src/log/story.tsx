import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, type ReactNode } from 'react';

import { reading } from '../api/queries.ts';
import { Badge, Button, Foreign, Panel, Problem } from '../ui/kit.tsx';
import { moment } from '../ui/time.ts';
import { placeOf } from './place.ts';

/** Everything on record of one call: asked, decided, taken, answered. */
export function Story({
  id,
  onClose,
}: {
  readonly id: string;
  readonly onClose: () => void;
}): ReactNode {
  const { data, error } = useQuery({
    ...reading('getStory', { params: { id } }),
    refetchInterval: 3_000,
  });
  const close = (
    <Button tone="quiet" onClick={onClose}>
      Close
    </Button>
  );
  if (data === undefined) {
    return (
      <Panel title="Story" actions={close}>
        <div className="p-4">
          <Problem error={error} />
        </div>
      </Panel>
    );
  }
  const { line, records, policy } = data;
  const call = line.kind === 'intent' || line.kind === 'refusal';
  return (
    <Panel
      title={<Foreign mono>{line.what}</Foreign>}
      actions={
        <>
          {call && policy !== null ? (
            <Link
              to="/policies/$name"
              params={{ name: policy.name }}
              search={{ server: line.server ?? undefined, tool: line.what, call: line.id }}
              className="inline-flex min-h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-accent-ink hover:opacity-90"
            >
              Make a rule from this call
            </Link>
          ) : null}
          {close}
        </>
      }
    >
      <ol className="relative space-y-4 px-4 py-4">
        {records.map(({ seq, body }) => (
          <Record key={seq} seq={seq} body={body} />
        ))}
      </ol>
      {policy === null || line.rule === null ? null : (
        <div className="border-t border-line px-4 py-3">
          <h3 className="mb-2 text-xs font-medium text-soft">
            {policy.name}, version {policy.version}, where it decided
          </h3>
          <RuleInPolicy document={policy.document} rule={line.rule} />
        </div>
      )}
    </Panel>
  );
}

const titles: Readonly<Record<string, string>> = {
  intent: 'Decided, and forwarded',
  refusal: 'Refused',
  outcome: 'Answered',
  method: 'Request',
  admin: 'Changed',
  approval: 'Approval',
  system: 'Gateway',
};

function Record({
  seq,
  body,
}: {
  readonly seq: number;
  readonly body: Readonly<Record<string, unknown>>;
}): ReactNode {
  const { kind, time, id: _, ...rest } = body;
  const name =
    body['enforcement'] === 'held' ? 'Held for a person' : (titles[String(kind)] ?? String(kind));
  const shown = Object.entries(rest).filter(([, value]) => value !== null && !isEmpty(value));
  return (
    <li className="border-l-2 border-line-strong pl-4">
      <p className="flex flex-wrap items-center gap-2 text-sm font-semibold">
        {name}
        <span className="text-xs font-normal text-soft">{moment(Number(time))}</span>
        <Badge>#{seq}</Badge>
      </p>
      <dl className="mt-1 grid grid-cols-[minmax(6rem,9rem)_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-xs">
        {shown.map(([key, value]) => (
          <div key={key} className="contents">
            <dt className="text-soft">{key}</dt>
            <dd>
              <Foreign mono>{typeof value === 'string' ? value : JSON.stringify(value)}</Foreign>
            </dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** The document with the lines of its rule marked and in view. */
function RuleInPolicy({
  document,
  rule,
}: {
  readonly document: string;
  readonly rule: string;
}): ReactNode {
  const lines = document.split('\n');
  const place = placeOf(document, rule);
  const mark = useRef<HTMLElement>(null);
  useEffect(() => {
    const { parentElement, offsetTop = 0 } = mark.current ?? {};
    parentElement?.scrollTo({ top: offsetTop - 60 });
  }, [document, rule]);
  return (
    <pre
      className="relative max-h-72 overflow-auto rounded-md bg-paper p-2 font-mono text-xs"
      tabIndex={0}
      aria-label={`Policy; the rule ${rule} is marked`}
    >
      {lines.map((text, index) => {
        const marked = place !== null && index >= place.first && index <= place.last;
        const first = place !== null && index === place.first;
        return marked ? (
          // A document's lines are told apart by where they are.
          <mark key={index} ref={first ? mark : null} className="block bg-warn-soft text-ink">
            {text === '' ? ' ' : text}
          </mark>
        ) : (
          <span key={index} className="block">
            {text === '' ? ' ' : text}
          </span>
        );
      })}
    </pre>
  );
}
