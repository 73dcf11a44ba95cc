import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';

import { ApiError } from '../api/client.ts';
import { reading } from '../api/queries.ts';
import { Badge, Button, Empty, Heading, Modal, Panel, Problem, Select } from '../ui/kit.tsx';
import { DocumentBar } from './bars.tsx';
import { FromAttack } from './from-attack.tsx';
import { FromCall } from './from-call.tsx';
import { Copy, Save } from './save.tsx';
import { Side } from './side.tsx';
import { Tools } from './tools.tsx';
import { useBuilder, type Building } from './use-builder.ts';
import type { Whole } from './versions.tsx';

/** The policy builder: live tools on the left; rule, text, trial and changes beside them. */
export function BuilderPage(): ReactNode {
  const { name } = useParams({ from: '/frame/policies/$name' });
  const policy = useQuery({ ...reading('getPolicy', { params: { name } }), retry: false });
  const missing = policy.error instanceof ApiError && policy.error.status === 404;
  if (policy.data === undefined && !missing) {
    return policy.error === null ? (
      <p className="text-soft">Reading…</p>
    ) : (
      <Problem error={policy.error} />
    );
  }
  return <Builder key={name} name={name} policy={policy.data ?? null} />;
}

function Builder({
  name,
  policy,
}: {
  readonly name: string;
  readonly policy: Whole | null;
}): ReactNode {
  const building = useBuilder(name, policy);
  const { history, document, rows, pins, server, readOnly, setRules } = building;
  const { call, attack } = useSearch({ from: '/frame/policies/$name' });
  const navigate = useNavigate({ from: '/policies/$name' });
  return (
    <div className="flex min-h-[36rem] flex-col lg:h-[calc(100vh-3.25rem)]">
      <Head building={building} />
      {call === undefined ? null : (
        <FromCall
          id={call}
          readOnly={readOnly}
          onRule={(tool, rule) => {
            building.select(tool);
            setRules([[tool, rule]]);
            building.setTab('rule');
          }}
          ruleOf={(tool) => rows.find(({ pin }) => pin.tool === tool)?.standing.rule ?? {}}
          onClose={() => void navigate({ search: (before) => ({ ...before, call: undefined }) })}
        />
      )}
      {attack === undefined || server === null ? null : (
        <FromAttack
          slug={attack}
          text={history.text}
          document={document}
          server={server}
          onText={(text) => {
            history.set(text);
            building.setTab('changes');
          }}
          onClose={() => void navigate({ search: (before) => ({ ...before, attack: undefined }) })}
        />
      )}
      <div className="grid min-h-0 flex-1 gap-4 lg:grid-cols-[minmax(27rem,5fr)_minmax(28rem,6fr)]">
        <Panel className="flex max-h-[70vh] min-h-0 flex-col overflow-hidden lg:max-h-none">
          <DocumentBar document={document} readOnly={readOnly} onField={building.setField} />
          <div className="min-h-0 flex-1">
            {document === null ? (
              <Empty
                title="The text is no JSON"
                action={<Button onClick={history.undo}>Undo</Button>}
              >
                Mend it in the editor, or undo: the two are always in step.
              </Empty>
            ) : pins.length === 0 ? (
              <Empty title="No tool is known">
                {server === null
                  ? 'Add a server first.'
                  : 'The list of this server was not read yet.'}
              </Empty>
            ) : (
              <Tools
                rows={rows}
                selected={building.current}
                readOnly={readOnly}
                onSelect={building.select}
                onChoose={building.choose}
              />
            )}
          </div>
        </Panel>
        <Side building={building} />
      </div>
    </div>
  );
}

function Head({ building }: { readonly building: Building }): ReactNode {
  const { name, opened, fromFile, dirty, history, writes, loads, server } = building;
  const [saving, setSaving] = useState(false);
  const [copying, setCopying] = useState(false);
  return (
    <>
      <Heading
        title={
          <span className="flex flex-wrap items-center gap-2">
            {name}
            {opened === null ? (
              <Badge tone="accent">new</Badge>
            ) : (
              <Badge>version {opened.version}</Badge>
            )}
            {fromFile ? <Badge tone="warn">in the operator's file: read only</Badge> : null}
            {dirty && !fromFile ? <Badge tone="warn">not saved</Badge> : null}
          </span>
        }
        actions={
          <>
            <ServerChoice building={building} />
            <Button
              onClick={history.undo}
              disabled={!history.canUndo}
              aria-keyshortcuts="Control+Z"
            >
              Undo
            </Button>
            <Button onClick={history.redo} disabled={!history.canRedo}>
              Redo
            </Button>
            {writes ? <Button onClick={() => setCopying(true)}>Copy as…</Button> : null}
            {writes && !fromFile ? (
              <Button tone="primary" disabled={!dirty || !loads} onClick={() => setSaving(true)}>
                Review and save
              </Button>
            ) : null}
          </>
        }
      />
      <Modal wide open={saving} onClose={() => setSaving(false)} title={`Save ${name}`}>
        <Save
          name={name}
          text={history.text}
          basis={opened?.version ?? 0}
          server={server}
          onSaved={(saved) => {
            building.open(saved);
            setSaving(false);
          }}
        />
      </Modal>
      <Modal open={copying} onClose={() => setCopying(false)} title="Copy as a new policy">
        <Copy text={history.text} server={server} />
      </Modal>
    </>
  );
}

function ServerChoice({ building }: { readonly building: Building }): ReactNode {
  const navigate = useNavigate({ from: '/policies/$name' });
  return (
    <label className="flex items-center gap-2 text-sm text-soft">
      Tools of
      <Select
        aria-label="Server"
        className="!w-auto"
        value={building.server ?? ''}
        onChange={(event) => {
          building.select(null);
          const server = event.target.value;
          void navigate({ search: (before) => ({ ...before, server, tool: undefined }) });
        }}
      >
        {building.servers.map((one) => (
          <option key={one.name}>{one.name}</option>
        ))}
      </Select>
    </label>
  );
}
