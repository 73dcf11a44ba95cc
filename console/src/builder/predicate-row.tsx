import { useState, type ReactNode } from 'react';

import type { Argument, SchemaObject } from '../ui/definition.ts';
import { objectOf } from '../ui/definition.ts';
import { Button, Foreign, Input, Select, visible } from '../ui/kit.tsx';

/** Operators with their words, and what their value is. */
const operators: readonly (readonly [
  op: string,
  words: string,
  value: Kind,
  types: readonly string[] | null,
])[] = [
  ['exists', 'is given', 'boolean', null],
  ['eq', 'is', 'same', null],
  ['neq', 'is not', 'same', null],
  ['in', 'is one of', 'list', null],
  ['not_in', 'is none of', 'list', null],
  ['lt', 'is below', 'number', ['number', 'integer', 'any']],
  ['lte', 'is at most', 'number', ['number', 'integer', 'any']],
  ['gt', 'is above', 'number', ['number', 'integer', 'any']],
  ['gte', 'is at least', 'number', ['number', 'integer', 'any']],
  ['regex', 'matches (RE2)', 'text', ['string', 'any']],
  ['not_regex', 'does not match (RE2)', 'text', ['string', 'any']],
  ['contains', 'contains', 'same', ['string', 'array', 'any']],
  ['not_contains', 'does not contain', 'same', ['string', 'array', 'any']],
  ['length_lte', 'is no longer than', 'number', ['string', 'array', 'object', 'any']],
  ['length_gte', 'is at least this long', 'number', ['string', 'array', 'object', 'any']],
  ['path_within', 'is a path inside', 'list', ['string', 'any']],
  ['url_host_in', 'is a URL of host', 'list', ['string', 'any']],
  ['email_domain_in', 'is mail of domain', 'list', ['string', 'any']],
  ['sql_only', 'is one SQL statement of', 'list', ['string', 'any']],
];

type Kind = 'boolean' | 'same' | 'list' | 'number' | 'text';

/** Roots beside arguments that a rule may look at. */
const roots: readonly Argument[] = [
  ['principal.id', 'string'],
  ['principal.kind', 'string'],
  ['grant.label', 'string'],
  ['time.hour', 'integer'],
  ['time.weekday', 'integer'],
  ['session.labels', 'array'],
].map(([path = '', type = '']) => ({ path, type, values: [], description: '', required: false }));

interface PredicateProps {
  readonly item: SchemaObject;
  readonly known: readonly Argument[];
  readonly onChange: (item: SchemaObject, group?: string) => void;
  readonly onRemove: () => void;
}

/** One predicate as a sentence: which argument, how, what, and what the agent is told. */
export function PredicateRow({ item, known, onChange, onRemove }: PredicateProps): ReactNode {
  if (Array.isArray(item['conditions']))
    return <Conditions {...{ item, known, onChange, onRemove }} />;
  return (
    <div className="space-y-1.5 rounded-md border border-line bg-paper p-2">
      <div className="flex gap-1.5">
        <ConditionFields item={item} known={known} onChange={onChange} />
        <Button
          tone="quiet"
          aria-label="Remove this condition"
          className="!px-2"
          onClick={onRemove}
        >
          ×
        </Button>
      </div>
      <OnDeny item={item} onChange={onChange} />
    </div>
  );
}

function OnDeny({ item, onChange }: Pick<PredicateProps, 'item' | 'onChange'>): ReactNode {
  const value = item['on_deny'];
  return (
    <Input
      aria-label="What the agent is told"
      placeholder="what the agent is told (optional)"
      value={typeof value === 'string' ? value : ''}
      onChange={(event) => {
        const { on_deny: _, ...rest } = item;
        onChange(
          event.target.value === '' ? rest : { ...rest, on_deny: event.target.value },
          'on_deny',
        );
      }}
      className="!min-h-7 !py-0.5 !text-xs"
    />
  );
}

/** Several conditions that must hold together. */
function Conditions({ item, known, onChange, onRemove }: PredicateProps): ReactNode {
  const conditions = Array.isArray(item['conditions']) ? item['conditions'].map(objectOf) : [];
  const set = (next: readonly SchemaObject[], group?: string): void =>
    onChange({ ...item, conditions: next }, group);
  return (
    <div className="space-y-1.5 rounded-md border border-line bg-paper p-2">
      {conditions.length === 0 ? (
        <p className="text-xs text-warn">No condition: it always holds.</p>
      ) : null}
      {conditions.map((condition, index) => (
        <div key={index} className="flex gap-1.5">
          <span className="w-8 pt-1.5 text-xs text-soft">{index === 0 ? '' : 'and'}</span>
          <ConditionFields
            item={condition}
            known={known}
            onChange={(next, group) =>
              set(
                conditions.with(index, next),
                group === undefined ? undefined : `${index}${group}`,
              )
            }
          />
          <Button
            tone="quiet"
            aria-label="Remove this condition"
            className="!px-2"
            onClick={() =>
              conditions.length === 1 ? onRemove() : set(conditions.toSpliced(index, 1))
            }
          >
            ×
          </Button>
        </div>
      ))}
      <div className="flex gap-2">
        <Button
          tone="quiet"
          onClick={() =>
            set([...conditions, { path: known[0]?.path ?? 'args.name', op: 'exists', value: true }])
          }
        >
          + and
        </Button>
        <Button tone="quiet" onClick={onRemove}>
          Remove
        </Button>
      </div>
      <OnDeny item={item} onChange={onChange} />
    </div>
  );
}

function ConditionFields({ item, known, onChange }: Omit<PredicateProps, 'onRemove'>): ReactNode {
  const path = typeof item['path'] === 'string' ? item['path'] : '';
  const op = typeof item['op'] === 'string' ? item['op'] : 'exists';
  const all = [...known, ...roots];
  const argument = all.find((one) => one.path === path) ?? null;
  const fitting = operators.filter(
    ([name, , , types]) =>
      name === op || types === null || argument === null || types.includes(argument.type),
  );
  const kind = operators.find(([name]) => name === op)?.[2] ?? 'text';
  return (
    <div className="grid min-w-0 flex-1 gap-1.5 sm:grid-cols-[1fr_1.15fr_1.2fr]">
      <Select
        aria-label="Argument"
        value={path}
        onChange={(event) => {
          const next = all.find((one) => one.path === event.target.value) ?? null;
          onChange({
            ...item,
            path: event.target.value,
            value: firstValue(kind, next, item['value']),
          });
        }}
      >
        {argument === null ? <option value={path}>{visible(path)}</option> : null}
        <optgroup label="Arguments">
          {known.map((one) => (
            <option key={one.path} value={one.path} title={visible(one.description)}>
              {visible(one.path.replace(/^args\./, ''))} ({one.type})
            </option>
          ))}
        </optgroup>
        <optgroup label="Who and when">
          {roots.map((one) => (
            <option key={one.path} value={one.path}>
              {one.path}
            </option>
          ))}
        </optgroup>
      </Select>
      <Select
        aria-label="Operator"
        value={op}
        onChange={(event) => {
          const next = operators.find(([name]) => name === event.target.value)?.[2] ?? 'text';
          const value = next === kind ? item['value'] : firstValue(next, argument, null);
          onChange({ ...item, op: event.target.value, value });
        }}
      >
        {fitting.map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </Select>
      <ValueField
        kind={kind}
        argument={argument}
        op={op}
        value={item['value']}
        onChange={(value) => onChange({ ...item, value }, 'value')}
      />
    </div>
  );
}

function firstValue(kind: Kind, argument: Argument | null, before: unknown): unknown {
  if (before !== null && before !== undefined && fits(kind, before)) return before;
  if (kind === 'boolean') return true;
  if (kind === 'list') return [];
  if (kind === 'number') return 0;
  if (kind === 'text') return '';
  if (argument === null) return '';
  if (argument.values.length > 0) return argument.values[0];
  if (argument.type === 'number' || argument.type === 'integer') return 0;
  return argument.type === 'boolean' ? true : '';
}

function fits(kind: Kind, value: unknown): boolean {
  if (kind === 'list') return Array.isArray(value);
  if (kind === 'number') return typeof value === 'number';
  if (kind === 'boolean') return typeof value === 'boolean';
  return kind === 'text' ? typeof value === 'string' : false;
}

const sqlClasses = 'select, insert, update, delete, …';

function ValueField({
  kind,
  argument,
  op,
  value,
  onChange,
}: {
  readonly kind: Kind;
  readonly argument: Argument | null;
  readonly op: string;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}): ReactNode {
  if (kind === 'boolean' || (kind === 'same' && argument?.type === 'boolean')) {
    return (
      <Select
        aria-label="Value"
        value={String(value)}
        onChange={(event) => onChange(event.target.value === 'true')}
      >
        <option value="true">{op === 'exists' ? 'yes' : 'true'}</option>
        <option value="false">{op === 'exists' ? 'no' : 'false'}</option>
      </Select>
    );
  }
  if (kind === 'same' && (argument?.values.length ?? 0) > 0) {
    const values = argument?.values ?? [];
    return (
      <Select
        aria-label="Value"
        value={JSON.stringify(value)}
        onChange={(event) => onChange(JSON.parse(event.target.value))}
      >
        {values.map((one) => (
          <option key={JSON.stringify(one)} value={JSON.stringify(one)}>
            {visible(String(one))}
          </option>
        ))}
      </Select>
    );
  }
  const numeric =
    kind === 'number' ||
    (kind === 'same' && (argument?.type === 'number' || argument?.type === 'integer'));
  if (numeric) {
    return (
      <Input
        aria-label="Value"
        type="number"
        step="any"
        value={typeof value === 'number' ? value : ''}
        onChange={(event) => onChange(Number(event.target.value))}
      />
    );
  }
  if (kind === 'list') {
    const numbers = argument?.type === 'number' || argument?.type === 'integer';
    return (
      <ListField
        numbers={numbers}
        op={op}
        value={Array.isArray(value) ? value : []}
        onChange={onChange}
      />
    );
  }
  if (typeof value !== 'string')
    return (
      <Foreign mono className="self-center truncate text-xs">
        {JSON.stringify(value)}
      </Foreign>
    );
  return (
    <Input aria-label="Value" value={value} onChange={(event) => onChange(event.target.value)} />
  );
}

/** A list as people type it: by commas. It is taken in when the field is left. */
function ListField({
  numbers,
  op,
  value,
  onChange,
}: {
  readonly numbers: boolean;
  readonly op: string;
  readonly value: readonly unknown[];
  readonly onChange: (value: readonly unknown[]) => void;
}): ReactNode {
  const shown = value.map(String).join(', ');
  const [typed, setTyped] = useState<string | null>(null);
  const take = (): void => {
    if (typed === null) return;
    const parts = typed
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
    onChange(numbers ? parts.map(Number) : parts);
    setTyped(null);
  };
  return (
    <Input
      aria-label="Values, by commas"
      value={typed ?? shown}
      placeholder={
        op === 'sql_only'
          ? sqlClasses
          : op === 'path_within'
            ? '/srv/shared'
            : op === 'url_host_in'
              ? '.example.com'
              : 'a, b, c'
      }
      onChange={(event) => setTyped(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take();
      }}
    />
  );
}
