import { useVirtualizer } from '@tanstack/react-virtual';
import {
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type KeyboardEvent,
  type ReactNode,
} from 'react';

import type { Pin } from '../api/queries.ts';
import {
  Badge,
  Button,
  CategoryBadge,
  classes,
  Foreign,
  RiskBadge,
  Select,
  visible,
} from '../ui/kit.tsx';
import type { Standing, State } from './document.ts';
import { StateButtons, stateKeys } from './states.tsx';

export interface ToolRow {
  readonly pin: Pin;
  readonly standing: Standing;
}

interface ToolsProps {
  readonly rows: readonly ToolRow[];
  readonly selected: string | null;
  readonly readOnly: boolean;
  readonly onSelect: (tool: string) => void;
  readonly onChoose: (tools: readonly string[], state: State | 'inherit' | 'recommended') => void;
}

/** Of a row whose buttons stand beside the name; and of one on a narrow screen, where they are below it. */
const rowHeights = { wide: 52, narrow: 92 } as const;
const narrowScreen = matchMedia('(max-width: 639px)');

const categories = ['Read', 'Write', 'Execute', 'Destructive', 'Financial', 'Unclassified'];

/** The server's live tools, each with its state: by one click or key, or many at once. */
export function Tools({ rows, selected, readOnly, onSelect, onChoose }: ToolsProps): ReactNode {
  const [search, setSearch] = useState('');
  const [category, setCategory] = useState('');
  const [risk, setRisk] = useState('');
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const shown = rows.filter(
    ({ pin }) =>
      (category === '' || pin.category === category) &&
      (risk === '' || pin.risk === risk) &&
      pin.tool.toLowerCase().includes(search.toLowerCase()),
  );
  const narrowed = shown.length < rows.length;
  const targets = marked.size > 0 ? [...marked] : narrowed ? shown.map(({ pin }) => pin.tool) : [];
  const toggle = (tool: string): void => {
    const next = new Set(marked);
    if (!next.delete(tool)) next.add(tool);
    setMarked(next);
  };
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-wrap gap-2 border-b border-line p-2.5">
        <input
          type="search"
          aria-label="Search tools"
          placeholder="Search tools  ( / )"
          value={search}
          data-search
          onChange={(event) => setSearch(event.target.value)}
          className="min-h-8 min-w-32 flex-1 rounded-md border border-line-strong bg-panel px-2.5 text-sm placeholder:text-soft"
        />
        <Select
          aria-label="Category"
          className="!w-auto"
          value={category}
          onChange={(event) => setCategory(event.target.value)}
        >
          <option value="">every category</option>
          {categories.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
        <Select
          aria-label="Risk"
          className="!w-auto"
          value={risk}
          onChange={(event) => setRisk(event.target.value)}
        >
          <option value="">every risk</option>
          {['Low', 'Medium', 'High', 'Critical'].map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
      </div>
      <div className="flex min-h-11 flex-wrap items-center gap-2 border-b border-line bg-paper px-2.5 py-1.5 text-xs text-soft">
        {targets.length === 0 ? (
          <>
            <span>{rows.length} tools. Mark some, or narrow the list, to set many at once.</span>
            {readOnly ? null : (
              <button
                type="button"
                className="text-accent hover:underline"
                onClick={() =>
                  onChoose(
                    rows.map(({ pin }) => pin.tool),
                    'recommended',
                  )
                }
              >
                Start from the recommended rules
              </button>
            )}
          </>
        ) : (
          <>
            <span className="font-medium text-ink">
              {targets.length} {marked.size > 0 ? 'marked' : 'shown'}:
            </span>
            <StateButtons
              label={`Set ${targets.length} tools`}
              state={null}
              disabled={readOnly}
              onChoose={(state) => onChoose(targets, state)}
            />
            <Button
              tone="quiet"
              className="!min-h-6 !px-1.5 !text-xs"
              disabled={readOnly}
              onClick={() => onChoose(targets, 'recommended')}
            >
              Recommended
            </Button>
            <Button
              tone="quiet"
              className="!min-h-6 !px-1.5 !text-xs"
              disabled={readOnly}
              onClick={() => onChoose(targets, 'inherit')}
            >
              No own rule
            </Button>
            {marked.size > 0 ? (
              <Button
                tone="quiet"
                className="!min-h-6 !px-1.5 !text-xs"
                onClick={() => setMarked(new Set())}
              >
                Unmark
              </Button>
            ) : null}
          </>
        )}
      </div>
      <List
        key={`${search} ${category} ${risk}`}
        shown={shown}
        {...{ selected, readOnly, marked, toggle, onSelect, onChoose }}
      />
    </div>
  );
}

function onNarrow(changed: () => void): () => void {
  narrowScreen.addEventListener('change', changed);
  return () => narrowScreen.removeEventListener('change', changed);
}

interface ListProps extends Omit<ToolsProps, 'rows'> {
  readonly shown: readonly ToolRow[];
  readonly marked: ReadonlySet<string>;
  readonly toggle: (tool: string) => void;
}

function List({
  shown,
  selected,
  readOnly,
  marked,
  toggle,
  onSelect,
  onChoose,
}: ListProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const narrow = useSyncExternalStore(onNarrow, () => narrowScreen.matches);
  const rowHeight = narrow ? rowHeights.narrow : rowHeights.wide;
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => place.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  useEffect(() => virtual.measure(), [virtual, rowHeight]);
  const at = shown.findIndex(({ pin }) => pin.tool === selected);
  const move = (to: number): void => {
    const next = shown[Math.max(0, Math.min(shown.length - 1, to))];
    if (next === undefined) return;
    onSelect(next.pin.tool);
    virtual.scrollToIndex(shown.indexOf(next));
  };
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 10,
      PageUp: at - 10,
      Home: 0,
      End: shown.length - 1,
    };
    const to = moves[event.key];
    const state = stateKeys[event.key.toLowerCase()];
    if (to !== undefined) move(to);
    else if (selected !== null && event.key === ' ') toggle(selected);
    else if (selected !== null && state !== undefined && !readOnly) onChoose([selected], state);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={place}
      role="grid"
      aria-label="Tools. Arrows move, A L S D H C set the rule, space marks."
      aria-multiselectable
      aria-rowcount={shown.length}
      aria-activedescendant={at >= 0 ? `tool-${at}` : undefined}
      tabIndex={0}
      onKeyDown={press}
      className="min-h-0 flex-1 overflow-y-auto"
    >
      <div role="rowgroup" className="relative w-full" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = shown[index];
          if (row === undefined) return null;
          const { pin, standing } = row;
          const is = pin.tool === selected;
          return (
            <div
              key={pin.tool}
              id={`tool-${index}`}
              role="row"
              aria-selected={is}
              aria-rowindex={index + 1}
              onClick={() => onSelect(pin.tool)}
              className={classes(
                'absolute inset-x-0 flex items-center gap-x-2.5 gap-y-1 border-b border-line px-2.5',
                narrow && 'flex-wrap content-center',
                is ? 'bg-accent-soft' : 'hover:bg-paper',
              )}
              style={{ height: rowHeight, transform: `translateY(${start}px)` }}
            >
              <span role="gridcell">
                <input
                  type="checkbox"
                  tabIndex={-1}
                  aria-label={`Mark ${visible(pin.tool)}`}
                  checked={marked.has(pin.tool)}
                  onClick={(event) => event.stopPropagation()}
                  onChange={() => toggle(pin.tool)}
                />
              </span>
              <span role="gridcell" className="min-w-0 flex-1">
                <Foreign mono className="block truncate text-[13px] font-medium">
                  {pin.tool}
                </Foreign>
                <span className="flex items-center gap-1 overflow-hidden">
                  <CategoryBadge category={pin.category} />
                  <RiskBadge risk={pin.risk} />
                  {pin.state === 'quarantined' ? <Badge tone="warn">quarantined</Badge> : null}
                  {standing.from === 'tool' ? null : (
                    <span className="truncate text-xs text-soft">by {standing.from}</span>
                  )}
                </span>
              </span>
              <div role="gridcell" className={narrow ? 'w-full pl-6' : undefined}>
                <StateButtons
                  label={`Rule for ${visible(pin.tool)}`}
                  state={standing.state}
                  faint={standing.from !== 'tool'}
                  disabled={readOnly}
                  onChoose={(state) => {
                    onSelect(pin.tool);
                    onChoose([pin.tool], state);
                  }}
                />
              </div>
            </div>
          );
        })}
      </div>
    </div>
  );
}
