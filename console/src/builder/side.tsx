import { lazy, Suspense, type ReactNode } from 'react';

import { Badge, Empty, Panel } from '../ui/kit.tsx';
import { Remarks } from './bars.tsx';
import { Changes } from './changes.tsx';
import { RuleEditor } from './rule.tsx';
import { Simulator } from './simulator.tsx';
import type { Building, Tab } from './use-builder.ts';
import { Versions } from './versions.tsx';

const Editor = lazy(async () => ({ default: (await import('./editor.tsx')).Editor }));

const tabs: readonly (readonly [Tab, string])[] = [
  ['rule', 'Rule'],
  ['json', 'JSON'],
  ['try', 'Try a call'],
  ['changes', 'What changes'],
  ['versions', 'Versions'],
];

/** Beside the tools: the rule as fields, the text, a trial, what changes, and what was. */
export function Side({ building }: { readonly building: Building }): ReactNode {
  const { tab, setTab, remarks, showLine } = building;
  const errors = remarks.filter(({ severity }) => severity === 'error');
  return (
    <Panel className="flex min-h-96 flex-col overflow-hidden">
      <div
        role="tablist"
        aria-label="Views"
        className="flex flex-wrap gap-1 border-b border-line px-2 py-1.5"
      >
        {tabs.map(([id, label]) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`tab-${id}`}
            aria-selected={tab === id}
            aria-controls="view"
            onClick={() => setTab(id)}
            className={`rounded-md px-3 py-1 text-sm ${tab === id ? 'bg-accent-soft font-semibold text-accent' : 'text-soft hover:bg-paper hover:text-ink'}`}
          >
            {label}{' '}
            {id === 'json' && errors.length > 0 ? <Badge tone="bad">{errors.length}</Badge> : null}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id="view"
        aria-labelledby={`tab-${tab}`}
        className="min-h-0 flex-1 overflow-y-auto"
        tabIndex={0}
      >
        <View building={building} />
      </div>
      <Remarks remarks={remarks} onShow={(line) => showLine(line - 1)} />
    </Panel>
  );
}

function View({ building }: { readonly building: Building }): ReactNode {
  const { tab, name, history, rows, current, server, pins, readOnly, writes, fromFile } = building;
  switch (tab) {
    case 'rule': {
      const row = rows.find(({ pin }) => pin.tool === current);
      if (row === undefined) return null;
      const { pin, standing } = row;
      return (
        <RuleEditor
          key={pin.tool}
          pin={pin}
          standing={standing}
          readOnly={readOnly}
          onChoose={(state) => building.choose([pin.tool], state)}
          onRule={(rule, group) =>
            building.setRules(
              [[pin.tool, rule]],
              group === undefined ? undefined : `${pin.tool} ${group}`,
            )
          }
        />
      );
    }
    case 'json':
      return (
        <div className="h-full min-h-80">
          <Suspense fallback={<p className="p-4 text-soft">Opening the editor…</p>}>
            <Editor
              text={history.text}
              readOnly={!writes || fromFile}
              remarks={building.remarks}
              show={building.line}
              onText={(text) => history.set(text, 'typing')}
              onUndo={history.undo}
              onRedo={history.redo}
            />
          </Suspense>
        </div>
      );
    case 'try':
      return (
        <Simulator
          text={history.text}
          server={server ?? ''}
          pins={pins}
          selected={current}
          onSelect={building.select}
          onRule={building.toRule}
        />
      );
    case 'changes':
      return server === null ? null : <Changes text={history.text} policy={name} server={server} />;
    case 'versions':
      return building.opened === null ? (
        <Empty title="Never saved">Its first version is made by the first save.</Empty>
      ) : (
        <Versions
          policy={building.opened}
          readOnly={!writes || fromFile}
          onPutBack={building.open}
        />
      );
  }
}
