import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';

import { reading, sessionQuery, type Pin, type Server } from '../api/queries.ts';
import { placeOf } from '../log/place.ts';
import type { SchemaObject } from '../ui/definition.ts';
import {
  documentOf,
  emptyDocument,
  ruleFor,
  standingOf,
  textOf,
  withField,
  withRules,
  type Rule,
  type State,
} from './document.ts';
import type { Remark } from './editor.tsx';
import { useHistory, type History } from './history.ts';
import { useLeaveWarning, useUndoKeys } from './keys.ts';
import type { ToolRow } from './tools.tsx';
import { useCheck } from './use-check.ts';
import type { Whole } from './versions.tsx';

export type Tab = 'rule' | 'json' | 'try' | 'changes' | 'versions';

/** What is being built: one text, and every view of it. */
export interface Building {
  readonly name: string;
  /** The version that the draft began with; null for a policy that was never saved. */
  readonly opened: Whole | null;
  readonly open: (saved: Whole) => void;
  readonly history: History;
  readonly document: SchemaObject | null;
  readonly server: string | null;
  readonly servers: readonly Server[];
  readonly pins: readonly Pin[];
  readonly rows: readonly ToolRow[];
  readonly current: string | null;
  readonly select: (tool: string | null) => void;
  readonly tab: Tab;
  readonly setTab: (tab: Tab) => void;
  readonly line: { readonly line: number } | null;
  /** Opens the text at a line, counted from 0. */
  readonly showLine: (line: number) => void;
  readonly remarks: readonly Remark[];
  readonly loads: boolean;
  readonly writes: boolean;
  readonly fromFile: boolean;
  readonly readOnly: boolean;
  readonly dirty: boolean;
  readonly setRules: (rules: Rules, group?: string) => void;
  readonly setField: (field: string, value: unknown) => void;
  readonly choose: (tools: readonly string[], state: State | 'inherit' | 'recommended') => void;
  readonly toRule: (rule: string) => void;
}

type Rules = readonly (readonly [tool: string, rule: Rule | null])[];

/** The state of the builder's page. The text is the truth; the rest is read from it. */
export function useBuilder(name: string, policy: Whole | null): Building {
  const [opened, setOpened] = useState(policy);
  const history = useHistory(policy?.document ?? emptyDocument);
  const [tab, setTab] = useState<Tab>('rule');
  const [line, setLine] = useState<{ readonly line: number } | null>(null);
  const tools = useTools(name, policy);
  const { server, pins } = tools;
  const role = useQuery(sessionQuery).data?.user?.role;
  const writes = role === 'admin' || role === 'policy-manager';
  const document = useMemo(() => documentOf(history.text), [history.text]);
  const rows = useMemo(() => {
    if (document === null) return [];
    const standing = (pin: Pin): ToolRow['standing'] =>
      standingOf(document, pin.tool, pin.category);
    return pins.map((pin) => ({ pin, standing: standing(pin) }));
  }, [document, pins]);
  const { remarks, loads } = useCheck(history.text, server);
  const fromFile = opened?.source === 'file';
  const dirty = history.text !== (opened?.document ?? '');
  useUndoKeys(history);
  useLeaveWarning(dirty && opened !== null && writes && !fromFile);

  const setRules = (rules: Rules, group?: string): void => {
    if (document !== null) history.set(textOf(withRules(document, rules)), group);
  };
  const open = (saved: Whole): void => {
    setOpened(saved);
    history.reset(saved.document);
  };
  const showLine = (next: number): void => {
    setTab('json');
    setLine({ line: next });
  };
  return {
    ...tools,
    name,
    opened,
    open,
    history,
    document,
    rows,
    tab,
    setTab,
    line,
    showLine,
    remarks,
    loads,
    writes,
    fromFile,
    dirty,
    setRules,
    readOnly: !writes || fromFile || document === null,
    setField: (field, value) => {
      if (document === null) return;
      history.set(textOf(withField(document, field, value)), `document ${field}`);
    },
    choose: (names, state) => {
      const chosen = rows.filter(({ pin }) => names.includes(pin.tool));
      setRules(chosen.map((row) => [row.pin.tool, ruleOf(row, state)]));
      if (state === 'custom') setTab('rule');
    },
    toRule: (rule) => {
      const place = placeOf(history.text, rule);
      if (place !== null) showLine(place.first);
    },
  };
}

function ruleOf({ pin, standing }: ToolRow, state: State | 'inherit' | 'recommended'): Rule | null {
  if (state === 'inherit') return null;
  return state === 'recommended' ? pin.recommended : ruleFor(state, pin.tool, standing.rule);
}

/** The server whose tools are shown: the one asked for, else one that the policy is used on. */
function useTools(
  name: string,
  policy: Whole | null,
): Pick<Building, 'server' | 'servers' | 'pins' | 'current' | 'select'> {
  const search = useSearch({ from: '/frame/policies/$name' });
  const servers = useQuery(reading('listServers')).data ?? [];
  const namesake = servers.find((one) => one.name === name) ?? servers[0];
  const server = search.server ?? policy?.usedBy[0]?.servers[0] ?? namesake?.name ?? null;
  const asked = reading('listPins', { params: { name: server ?? '' } });
  const { data } = useQuery({ ...asked, enabled: server !== null });
  const pins = useMemo(() => (data ?? []).toSorted((a, b) => a.tool.localeCompare(b.tool)), [data]);
  const [selected, select] = useState<string | null>(search.tool ?? null);
  return { server, servers, pins, current: selected ?? pins[0]?.tool ?? null, select };
}
