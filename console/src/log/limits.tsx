import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import type { Operations } from '../api/operations.ts';
import { reading } from '../api/queries.ts';
import { Badge, Empty, Foreign, Problem, visible } from '../ui/kit.tsx';
import { distance } from '../ui/time.ts';

type Answer = Operations['listLimits']['output'];
type Stand = Answer['limits'][number];

/** From this share on a limit is called near its top. */
const nearFrom = 0.8;

/** Which limits are how far used now, nearest to their top first, with the way to each. */
export function LimitStands({ most }: { readonly most: number }): ReactNode {
  const { data, error } = useQuery({
    ...reading('listLimits', { query: { limit: most } }),
    refetchInterval: 10_000,
  });
  if (data === undefined) return error === null ? null : <Problem error={error} />;
  if (!data.readable) {
    return (
      <p role="alert" className="px-4 py-3 text-sm text-bad">
        The store that counts does not answer, so nothing can be said of limits now. Calls under a
        limit are refused until it does.
      </p>
    );
  }
  return (
    <>
      {data.limits.length === 0 ? <Unused watched={data.watched} /> : null}
      <ul className="divide-y divide-line">
        {data.limits.map((stand, place) => (
          // Two sessions of one grant may be told apart by nothing but their place.
          <Row key={`${stand.rule} ${place}`} stand={stand} />
        ))}
      </ul>
      <Caveats answer={data} />
    </>
  );
}

function Unused({ watched }: { readonly watched: number }): ReactNode {
  return watched === 0 ? (
    <Empty title="No limit is in force">
      Give a tool of a policy the state <em>Limit</em>, and use the policy in a grant: here you see
      how much of it is used before the first call is refused.
    </Empty>
  ) : (
    <Empty title="No limit is in use">
      {watched === 1 ? 'One counter is' : `${watched.toLocaleString()} counters are`} watched. The
      first limited call shows here how near it brings its limit to the top.
    </Empty>
  );
}

function Row({ stand }: { readonly stand: Stand }): ReactNode {
  const { counter, used, max, observe } = stand;
  const share = max === 0 ? 1 : used / max;
  const percent = Math.floor(share * 100);
  return (
    <li className="grid gap-x-4 gap-y-1 px-4 py-2 text-sm md:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="min-w-0">
        <Foreign mono className="font-medium">
          {counter}
        </Foreign>{' '}
        <Whose stand={stand} />
        <Ways stand={stand} />
      </div>
      <div className="min-w-0">
        <div className="flex items-center gap-2">
          <meter
            className="h-2 min-w-0 flex-1"
            min={0}
            max={Math.max(1, max)}
            low={max * nearFrom}
            high={max * 0.9999}
            optimum={0}
            value={used}
            aria-label={`${used} of ${max}`}
          />
          <span className="w-12 text-right tabular-nums">{percent} %</span>
          {share >= 1 ? (
            <Badge tone="bad">{observe ? 'full, observed' : 'full'}</Badge>
          ) : share >= nearFrom ? (
            <Badge tone="warn">{observe ? 'near, observed' : 'near its top'}</Badge>
          ) : observe ? (
            <Badge>observed</Badge>
          ) : null}
        </div>
        <p className="text-xs text-soft tabular-nums">
          {used.toLocaleString()} of {max.toLocaleString()} {windowOf(stand)}
          {share >= 1 && !observe ? '; more is refused' : ''}
        </p>
      </div>
    </li>
  );
}

/** Whom it counts, in words. */
function Whose({ stand: { scope, who, grants, server } }: { readonly stand: Stand }): ReactNode {
  const of = {
    grant: 'of grant',
    session: 'of a session of grant',
    principal: 'of',
    server: 'of all calls to',
    everyone: 'of everyone',
  }[scope];
  const named = scope === 'grant' || scope === 'session';
  const others = named ? [] : grants;
  return (
    <span className="text-soft">
      {of}{' '}
      {named ? <GrantLink label={who} /> : scope === 'everyone' ? null : <Foreign>{who}</Foreign>}
      {scope === 'server' || server === null ? null : ` on ${server}`}
      {others.length === 0 ? null : ', by '}
      {others.map((label, index) => (
        <span key={label}>
          {index === 0 ? '' : ', '}
          <GrantLink label={label} />
        </span>
      ))}
    </span>
  );
}

function GrantLink({ label }: { readonly label: string }): ReactNode {
  return (
    <Link to="/grants" search={{ grant: label }} className="text-accent underline">
      {label}
    </Link>
  );
}

/** To the rule, and to the calls that count in it. */
function Ways({ stand }: { readonly stand: Stand }): ReactNode {
  const { policy, server, tools, rule, grants } = stand;
  const grant = grants.length === 1 ? grants[0] : undefined;
  const tool = tools.length === 1 ? tools[0] : undefined;
  return (
    <span className="flex flex-wrap gap-x-3 text-xs text-soft">
      {policy === null ? (
        <Foreign mono>{rule}</Foreign>
      ) : (
        <Link
          to="/policies/$name"
          params={{ name: policy }}
          search={{ server: server ?? undefined, tool: tools[0] }}
          className="text-accent hover:underline"
        >
          {policy} <Foreign mono>{rule}</Foreign>
        </Link>
      )}
      <Link
        to="/log"
        search={{ grant, server: server ?? undefined, tool }}
        className="text-accent hover:underline"
      >
        its calls<span className="sr-only"> under {visible(stand.counter)}</span>
      </Link>
    </span>
  );
}

function windowOf({ windowMs, align }: Stand): string {
  if (windowMs === null) return 'calls under way';
  if (align !== 'sliding') return `this ${align}, UTC`;
  const name = { 60_000: 'minute', 3_600_000: 'hour', 86_400_000: 'day' }[windowMs];
  return name === undefined ? `in any ${distance(windowMs)}` : `in any ${name}`;
}

/** What is not in the list, where something is not. */
function Caveats({ answer }: { readonly answer: Answer }): ReactNode {
  const said = [
    answer.shared
      ? 'Counted together with every gateway at the same store; sessions of the others are not listed.'
      : null,
    answer.complete
      ? null
      : `Only the first ${answer.watched.toLocaleString()} counters were looked at.`,
  ].filter((one) => one !== null);
  if (said.length === 0) return null;
  return <p className="border-t border-line px-4 py-2 text-xs text-soft">{said.join(' ')}</p>;
}
