import type { ReactNode } from 'react';

import type { Pin } from '../api/queries.ts';
import {
  argumentsOf,
  describe,
  objectOf,
  type Argument,
  type SchemaObject,
} from '../ui/definition.ts';
import { Badge, Button, CategoryBadge, Field, Foreign, Input, RiskBadge } from '../ui/kit.tsx';
import { newLimit, type Rule, type Standing, type State } from './document.ts';
import { LimitRow } from './limit-row.tsx';
import { PredicateRow } from './predicate-row.tsx';
import { StateButtons } from './states.tsx';

interface RuleProps {
  readonly pin: Pin;
  readonly standing: Standing;
  readonly readOnly: boolean;
  readonly onChoose: (state: State | 'inherit' | 'recommended') => void;
  /** Puts a rule in place; changes under one `group` are undone together. */
  readonly onRule: (rule: Rule, group?: string) => void;
}

const lists = [
  ['require', 'Only if', 'every one must hold, or the call is refused'],
  ['deny_if', 'Never if', 'any that holds refuses the call'],
  ['approve_if', 'Ask a person if', 'any that holds makes the call wait'],
] as const;

/** The whole rule of one tool, as fields. */
export function RuleEditor({ pin, standing, readOnly, onChoose, onRule }: RuleProps): ReactNode {
  const { description, schema } = describe(pin.definition);
  const known = argumentsOf(schema);
  const { rule, from, state } = standing;
  const set = (field: string, value: unknown, group?: string): void => {
    const { [field]: _, ...rest } = rule;
    onRule(value === undefined ? rest : { ...rule, [field]: value }, group);
  };
  const listOf = (field: string): readonly SchemaObject[] => {
    const value = rule[field];
    return Array.isArray(value) ? value.map(objectOf) : [];
  };
  const setList = (field: string, items: readonly unknown[], group?: string): void => {
    set(field, items.length === 0 ? undefined : items, group);
  };
  const closed = state === 'deny' || state === 'hide';
  return (
    <fieldset disabled={readOnly} className="space-y-5 p-4">
      <div>
        <div className="flex flex-wrap items-center gap-2">
          <Foreign mono className="text-base font-semibold">
            {pin.tool}
          </Foreign>
          <CategoryBadge category={pin.category} />
          <RiskBadge risk={pin.risk} />
          {pin.signals.map((signal) => (
            <Badge key={signal}>{signal}</Badge>
          ))}
        </div>
        <p className="mt-1 line-clamp-3 text-sm text-soft">
          <Foreign>{description}</Foreign>
        </p>
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <StateButtons
          label={`Rule for ${pin.tool}`}
          state={state}
          faint={from !== 'tool'}
          disabled={readOnly}
          onChoose={onChoose}
        />
        {from === 'tool' ? (
          <Button tone="quiet" onClick={() => onChoose('inherit')}>
            No own rule
          </Button>
        ) : (
          <span className="text-xs text-soft">by {from}; a click makes its own rule</span>
        )}
        <Button tone="quiet" onClick={() => onChoose('recommended')}>
          Recommended
        </Button>
      </div>
      {from !== 'tool' ? null : (
        <>
          {state === 'allow' || state === 'limit' ? null : (
            <Field
              label={
                state === 'ask'
                  ? 'Reason, shown to the agent and the approver'
                  : 'Reason, shown to the agent'
              }
            >
              <Input
                value={textIn(rule['reason'])}
                placeholder={state === 'custom' ? 'optional' : 'why, and what to do instead'}
                onChange={(event) => set('reason', event.target.value || undefined, 'reason')}
              />
            </Field>
          )}
          {closed ? null : (
            <>
              {lists.map(([field, title, hint]) => (
                <Predicates
                  key={field}
                  {...{ title, hint, known }}
                  items={listOf(field)}
                  onItems={(items, group) => setList(field, items, group)}
                />
              ))}
              <Limits
                tool={pin.tool}
                items={listOf('limits')}
                known={known}
                onItems={(items, group) => setList('limits', items, group)}
              />
              <Approval rule={rule} set={set} />
              <Labels rule={rule} set={set} />
              <label className="flex items-center gap-2 text-sm">
                <input
                  type="checkbox"
                  checked={rule['input_schema'] === 'enforce'}
                  onChange={(event) =>
                    set('input_schema', event.target.checked ? 'enforce' : undefined)
                  }
                />
                Arguments must fit the tool's own schema
              </label>
            </>
          )}
        </>
      )}
    </fieldset>
  );
}

export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function Predicates({
  title,
  hint,
  items,
  known,
  onItems,
}: {
  readonly title: string;
  readonly hint: string;
  readonly items: readonly SchemaObject[];
  readonly known: readonly Argument[];
  readonly onItems: (items: readonly unknown[], group?: string) => void;
}): ReactNode {
  const first = known[0];
  return (
    <section aria-label={title}>
      <div className="mb-1 flex items-baseline justify-between gap-2">
        <h3 className="text-sm font-semibold">
          {title} <span className="text-xs font-normal text-soft">{hint}</span>
        </h3>
        <Button
          tone="quiet"
          onClick={() =>
            onItems([...items, { path: first?.path ?? 'args.name', op: 'exists', value: true }])
          }
        >
          + Add
        </Button>
      </div>
      <ul className="space-y-2">
        {items.map((item, index) => (
          // Predicates have no names of their own.
          <li key={index}>
            <PredicateRow
              item={item}
              known={known}
              onChange={(next, group) =>
                onItems(
                  items.with(index, next),
                  group === undefined ? undefined : `${title}${index}${group}`,
                )
              }
              onRemove={() => onItems(items.toSpliced(index, 1))}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Limits({
  tool,
  items,
  known,
  onItems,
}: {
  readonly tool: string;
  readonly items: readonly SchemaObject[];
  readonly known: readonly Argument[];
  readonly onItems: (items: readonly unknown[], group?: string) => void;
}): ReactNode {
  const add = (): void => {
    const limit = newLimit(tool);
    const taken = items.some(({ counter }) => counter === limit['counter']);
    onItems([
      ...items,
      taken ? { ...limit, counter: `${String(limit['counter'])}_${items.length + 1}` } : limit,
    ]);
  };
  return (
    <section aria-label="Limits">
      <div className="mb-1 flex items-baseline justify-between gap-2">
        <h3 className="text-sm font-semibold">
          Limits{' '}
          <span className="text-xs font-normal text-soft">
            in no interval of that length are more admitted
          </span>
        </h3>
        <Button tone="quiet" onClick={add}>
          + Add
        </Button>
      </div>
      <ul className="space-y-2">
        {items.map((item, index) => (
          <li key={index}>
            <LimitRow
              item={item}
              amounts={known
                .filter(({ type }) => type === 'number' || type === 'integer')
                .map(({ path }) => path)}
              onChange={(next, group) => onItems(items.with(index, next), `limit${index}${group}`)}
              onRemove={() => onItems(items.toSpliced(index, 1))}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

type SetField = (field: string, value: unknown, group?: string) => void;

function Approval({ rule, set }: { readonly rule: Rule; readonly set: SetField }): ReactNode {
  const approval = objectOf(rule['approval']);
  const asks =
    rule['action'] === 'require_approval' ||
    rule['approve_if'] !== undefined ||
    Object.keys(approval).length > 0;
  if (!asks) return null;
  const change = (field: string, value: unknown): void => {
    const { [field]: _, ...rest } = approval;
    const next = value === undefined || value === '' ? rest : { ...rest, [field]: value };
    set('approval', Object.keys(next).length === 0 ? undefined : next, `approval ${field}`);
  };
  const approvers = Array.isArray(approval['approvers'])
    ? approval['approvers'].join(', ')
    : textIn(approval['approvers']);
  return (
    <section aria-label="Approval">
      <h3 className="mb-1 text-sm font-semibold">Approval</h3>
      <div className="grid gap-2 sm:grid-cols-3">
        <Field label="Waits at most">
          <Input
            value={textIn(approval['timeout'])}
            placeholder="10m"
            onChange={(event) => change('timeout', event.target.value)}
          />
        </Field>
        <Field label="Approvers">
          <Input
            defaultValue={approvers}
            placeholder="any approver"
            onBlur={(event) => change('approvers', words(event.target.value))}
          />
        </Field>
        <Field label="How many must say yes">
          <Input
            type="number"
            min={1}
            value={typeof approval['quorum'] === 'number' ? approval['quorum'] : ''}
            placeholder="1"
            onChange={(event) =>
              change('quorum', event.target.value === '' ? undefined : Number(event.target.value))
            }
          />
        </Field>
      </div>
    </section>
  );
}

const labelFields = [
  ['adds', 'A successful call marks its principal as'],
  ['blocked_by', 'Refused while marked as'],
  ['approved_by', 'A person is asked while marked as'],
] as const;

function Labels({ rule, set }: { readonly rule: Rule; readonly set: SetField }): ReactNode {
  const labels = objectOf(rule['labels']);
  return (
    <details open={Object.keys(labels).length > 0}>
      <summary className="text-sm font-semibold">
        Labels{' '}
        <span className="text-xs font-normal text-soft">
          how data may flow from one tool to another
        </span>
      </summary>
      <div className="mt-2 grid gap-2 sm:grid-cols-3">
        {labelFields.map(([field, label]) => {
          const value = Array.isArray(labels[field]) ? labels[field].join(', ') : '';
          return (
            <Field key={field} label={label}>
              <Input
                key={value}
                defaultValue={value}
                placeholder="untrusted, secret, …"
                onBlur={(event) => {
                  const next = words(event.target.value);
                  if ((next ?? []).join(', ') === value) return;
                  const { [field]: _, ...rest } = labels;
                  const all = next === undefined ? rest : { ...rest, [field]: next };
                  set('labels', Object.keys(all).length === 0 ? undefined : all);
                }}
              />
            </Field>
          );
        })}
      </div>
    </details>
  );
}

function words(text: string): readonly string[] | undefined {
  const list = text.split(/[\s,]+/).filter((word) => word !== '');
  return list.length === 0 ? undefined : list;
}
