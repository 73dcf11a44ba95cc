import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { mergedJson } from '../../../src/base/json-merge.ts';
import type { JsonObject } from '../../../src/base/strict-json.ts';
import type { Operations } from '../api/operations.ts';
import { reading } from '../api/queries.ts';
import { Badge, Button, Foreign, Problem } from '../ui/kit.tsx';
import type { SchemaObject } from '../ui/definition.ts';
import { textOf } from './document.ts';

type Tried = Operations['tryAttacks']['output']['attacks'][number];

const verdicts: Readonly<Record<Tried['verdict'], string>> = {
  gateway: 'stopped by the gateway, whatever the policy',
  none: 'no tool here can be used for it',
  stopped: 'stopped',
  held: 'held for a person',
  limited: 'limited',
  through: 'let through',
};

/** What the draft does with attacks of the database, and what closes each gap, to be put into it. */
export function FromAttack({
  slug,
  text,
  document,
  server,
  onText,
  onClose,
}: {
  /** An entry's name, or `all`. */
  readonly slug: string;
  readonly text: string;
  readonly document: SchemaObject | null;
  readonly server: string;
  readonly onText: (text: string) => void;
  readonly onClose: () => void;
}): ReactNode {
  const [whole, setWhole] = useState(false);
  const input = { document: text, server, attack: slug === 'all' ? null : slug };
  const tried = useQuery({
    ...reading('tryAttacks', { input }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const attacks = tried.data?.attacks ?? [];
  const gaps = attacks.flatMap((attack) => attack.gaps.map((gap) => ({ attack, gap })));
  const fixes = gaps.map(({ gap }) => gap.fix).filter((fix) => fix !== null);
  const [only] = attacks;
  const put = (all: readonly SchemaObject[]): void => {
    if (document === null) return;
    // The text is a document of JSON, and a fix is a piece of one.
    const merge = (into: SchemaObject, fix: SchemaObject): SchemaObject =>
      mergedJson(into as JsonObject, fix as JsonObject);
    onText(textOf(all.reduce(merge, document)));
  };
  return (
    <section
      aria-label="From the attack database"
      className="mb-3 max-h-56 shrink-0 overflow-y-auto rounded-lg border border-accent bg-accent-soft px-4 py-2 text-sm"
      tabIndex={0}
    >
      <div className="flex flex-wrap items-center gap-2">
        <span>
          {slug === 'all' || only === undefined ? (
            <strong>Every attack</strong>
          ) : (
            <a className="font-semibold text-accent underline" href={`/attacks/${only.slug}`}>
              {only.id} {only.title}
            </a>
          )}{' '}
          on the tools of {server}:{' '}
          {tried.data === undefined ? null : <Standing attacks={attacks} />}
        </span>
        <span className="ml-auto flex flex-wrap gap-1.5">
          {fixes.length === 0 ? null : (
            <Button tone="primary" onClick={() => put(fixes)}>
              Close {fixes.length === 1 ? 'the gap' : `all ${fixes.length} gaps`}
            </Button>
          )}
          {slug === 'all' || only === undefined ? null : (
            <Button
              aria-pressed={whole}
              onClick={() => {
                setWhole(true);
                onText(only.policy);
              }}
            >
              Put the attack's own policy here
            </Button>
          )}
          <Button tone="quiet" onClick={onClose}>
            Close
          </Button>
        </span>
      </div>
      <Problem error={tried.error} />
      <ul>
        {gaps.slice(0, 60).map(({ attack, gap }, index) => (
          <li
            key={`${attack.slug} ${gap.tool} ${index}`}
            className="flex flex-wrap items-center gap-2 border-t border-line py-1"
          >
            {slug === 'all' ? <Badge>{attack.id}</Badge> : null}
            <Foreign mono className="font-medium">
              {gap.tool}
            </Foreign>
            <span className="min-w-0 flex-1 text-soft">
              <Foreign>{gap.what}</Foreign>
            </span>
            {gap.fix === null ? (
              <span className="text-xs text-soft">no single rule closes it</span>
            ) : (
              <Button onClick={() => put(gap.fix === null ? [] : [gap.fix])}>Apply</Button>
            )}
          </li>
        ))}
      </ul>
      {gaps.length === 0 && !whole ? null : (
        <p className="mt-1 text-xs text-soft">
          Values in these rules are examples: put your own in their place. Nothing is in force
          before you review and save.
        </p>
      )}
    </section>
  );
}

function Standing({ attacks }: { readonly attacks: readonly Tried[] }): ReactNode {
  const through = attacks.filter(({ verdict }) => verdict === 'through').length;
  const [only] = attacks;
  if (attacks.length === 1 && only !== undefined) {
    return <Badge tone={through === 0 ? 'good' : 'bad'}>{verdicts[only.verdict]}</Badge>;
  }
  return (
    <Badge tone={through === 0 ? 'good' : 'bad'}>
      {through} of {attacks.length} let through
    </Badge>
  );
}
