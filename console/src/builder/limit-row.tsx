import type { ReactNode } from 'react';

import type { SchemaObject } from '../ui/definition.ts';
import { Button, Input, Select, visible } from '../ui/kit.tsx';

const windows = ['minute', 'hour', 'day', 'month'];
const scopes = ['grant', 'principal', 'session', 'server', 'everyone'];

/** One limit as a sentence: how much, of what, in which time, counted for whom. */
export function LimitRow({
  item,
  amounts,
  onChange,
  onRemove,
}: {
  readonly item: SchemaObject;
  /** Paths of arguments that hold numbers. */
  readonly amounts: readonly string[];
  readonly onChange: (item: SchemaObject, group: string) => void;
  readonly onRemove: () => void;
}): ReactNode {
  const set = (field: string, value: unknown): void => {
    const { [field]: _, ...rest } = item;
    onChange(value === undefined ? rest : { ...item, [field]: value }, field);
  };
  const concurrent = item['concurrent'] !== undefined;
  const cost = item['cost'] ?? item['increment_from'];
  const max =
    concurrent && typeof item['concurrent'] === 'number' ? item['concurrent'] : item['max'];
  const windowValue = concurrent ? 'concurrent' : String(item['window'] ?? 'minute');
  const unit = typeof cost === 'string' ? cost : 'calls';
  return (
    <div className="flex gap-1.5 rounded-md border border-line bg-paper p-2">
      <div className="grid min-w-0 flex-1 grid-cols-2 gap-1.5 sm:grid-cols-[5.5rem_1fr_1fr_1fr]">
        <Input
          aria-label="At most"
          type="number"
          min={0}
          value={typeof max === 'number' ? max : ''}
          onChange={(event) => {
            const next = Math.max(0, Math.trunc(Number(event.target.value)));
            set(concurrent && typeof item['concurrent'] === 'number' ? 'concurrent' : 'max', next);
          }}
        />
        <Select
          aria-label="Of what"
          value={unit}
          onChange={(event) => {
            const { increment_from: _, cost: __, ...rest } = item;
            onChange(
              event.target.value === 'calls' ? rest : { ...rest, cost: event.target.value },
              'cost',
            );
          }}
        >
          <option value="calls">calls</option>
          {[...new Set([...amounts, ...(unit === 'calls' ? [] : [unit])])].map((path) => (
            <option key={path} value={path}>
              sum of {visible(path.replace(/^args\./, ''))}
            </option>
          ))}
        </Select>
        <Select
          aria-label="In which time"
          value={windowValue}
          onChange={(event) => {
            const { window: _, concurrent: __, max: ___, ...rest } = item;
            const amount = typeof max === 'number' ? max : 30;
            const next = event.target.value;
            if (next === 'concurrent') onChange({ ...rest, concurrent: amount }, 'window');
            else
              onChange(
                { ...rest, window: /^\d+$/.test(next) ? Number(next) : next, max: amount },
                'window',
              );
          }}
        >
          {windows.map((one) => (
            <option key={one} value={one}>
              per {one}
            </option>
          ))}
          {windows.includes(windowValue) || concurrent ? null : (
            <option value={windowValue}>per {windowValue} s</option>
          )}
          <option value="concurrent">at once</option>
        </Select>
        <Select
          aria-label="Counted for"
          value={String(item['scope'] ?? 'grant')}
          onChange={(event) => set('scope', event.target.value)}
        >
          {scopes.map((one) => (
            <option key={one} value={one}>
              for each {one}
            </option>
          ))}
        </Select>
        <Input
          aria-label="Counter"
          className="col-span-2 !min-h-7 !py-0.5 font-mono !text-xs"
          value={String(item['counter'] ?? '')}
          onChange={(event) => set('counter', event.target.value)}
        />
        <Input
          aria-label="What the agent is told"
          className="col-span-2 !min-h-7 !py-0.5 !text-xs"
          placeholder="what the agent is told (optional)"
          value={typeof item['on_deny'] === 'string' ? item['on_deny'] : ''}
          onChange={(event) => set('on_deny', event.target.value || undefined)}
        />
      </div>
      <Button tone="quiet" aria-label="Remove this limit" className="!px-2" onClick={onRemove}>
        ×
      </Button>
    </div>
  );
}
