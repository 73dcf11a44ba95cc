import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { reading } from '../api/queries.ts';
import { Badge, Button, Foreign } from '../ui/kit.tsx';
import { pathOf } from '../ui/definition.ts';
import { newLimit, type Rule } from './document.ts';

/** A recorded call, and the rules that can be made of it with one click. */
export function FromCall({
  id,
  readOnly,
  ruleOf,
  onRule,
  onClose,
}: {
  readonly id: string;
  readonly readOnly: boolean;
  readonly ruleOf: (tool: string) => Rule;
  readonly onRule: (tool: string, rule: Rule) => void;
  readonly onClose: () => void;
}): ReactNode {
  const story = useQuery(reading('getStory', { params: { id } })).data;
  if (story === undefined) return null;
  const { what, done, rule, grant } = story.line;
  const keys = story.records[0]?.body['argumentKeys'];
  const names = Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
  const before = ruleOf(what);
  const given = names.map((name) => ({ path: pathOf('args', name), op: 'exists', value: true }));
  const required: readonly unknown[] = Array.isArray(before['require']) ? before['require'] : [];
  const offers: readonly (readonly [string, Rule])[] = [
    ['Allow it', {}],
    ['Limit it', { limits: [newLimit(what)] }],
    ['Ask first', { ...withoutAction(before), action: 'require_approval' }],
    ['Deny it', { action: 'deny' }],
    ...(given.length === 0
      ? []
      : ([
          [
            'Only with these arguments given',
            { ...withoutAction(before), require: [...required, ...given] },
          ],
        ] as const)),
  ];
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2 rounded-lg border border-accent bg-accent-soft px-4 py-2 text-sm">
      <span>
        From a call of <strong>{grant}</strong>: <Foreign mono>{what}</Foreign>
        {names.length === 0 ? null : (
          <span className="text-soft">
            {' '}
            (
            {names.map((name) => (
              <Foreign key={name} mono className="mr-1">
                {name}
              </Foreign>
            ))}
            )
          </span>
        )}{' '}
        was <Badge tone={done === 'forwarded' ? 'good' : 'bad'}>{done}</Badge> by{' '}
        <Foreign mono className="text-xs">
          {rule ?? ''}
        </Foreign>
      </span>
      <span className="ml-auto flex flex-wrap gap-1.5">
        {offers.map(([label, next]) => (
          <Button key={label} disabled={readOnly} onClick={() => onRule(what, next)}>
            {label}
          </Button>
        ))}
        <Button tone="quiet" onClick={onClose}>
          Close
        </Button>
      </span>
    </div>
  );
}

function withoutAction(rule: Rule): Rule {
  const { action: _, ...rest } = rule;
  return rest;
}
