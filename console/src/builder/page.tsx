import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from 'react';

import { ApiError } from '../api/client.ts';
import { reading, sessionQuery, useChange } from '../api/queries.ts';
import { placeOf } from '../log/place.ts';
import {
  Badge,
  Button,
  Empty,
  Field,
  Heading,
  Input,
  Modal,
  Panel,
  Problem,
  Select,
} from '../ui/kit.tsx';
import { Changes, Difference } from './changes.tsx';
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
import { FromCall } from './from-call.tsx';
import { useHistory } from './history.ts';
import { RuleEditor } from './rule.tsx';
import { Simulator } from './simulator.tsx';
import { Tools } from './tools.tsx';
import { useCheck } from './use-check.ts';
import { Versions } from './versions.tsx';

const Editor = lazy(async () => ({ default: (await import('./editor.tsx')).Editor }));

type Tab = 'rule' | 'json' | 'try' | 'changes' | 'versions';

const tabs: readonly (readonly [Tab, string])[] = [
  ['rule', 'Rule'],
  ['json', 'JSON'],
  ['try', 'Try a call'],
  ['changes', 'What changes'],
  ['versions', 'Versions'],
];

/** The policy builder: live tools on the left; rule, text, trial and changes on the right. */
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
  readonly policy: Parameters<typeof Versions>[0]['policy'] | null;
}): ReactNode {
  const search = useSearch({ from: '/frame/policies/$name' });
  const navigate = useNavigate({ from: '/policies/$name' });
  const servers = useQuery(reading('listServers')).data ?? [];
  const role = useQuery(sessionQuery).data?.user?.role;
  const writes = role === 'admin' || role === 'policy-manager';
  const [opened, setOpened] = useState(policy);
  const history = useHistory(policy?.document ?? emptyDocument);
  const [tab, setTab] = useState<Tab>('rule');
  const [show, setShow] = useState<{ readonly line: number } | null>(null);
  const [saving, setSaving] = useState(false);
  const [copying, setCopying] = useState(false);
  const server =
    search.server ??
    policy?.usedBy[0]?.servers[0] ??
    (servers.some((one) => one.name === name) ? name : servers[0]?.name) ??
    null;
  const pinsQuery = useQuery({
    ...reading('listPins', { params: { name: server ?? '' } }),
    enabled: server !== null,
  });
  const pins = useMemo(
    () => (pinsQuery.data ?? []).toSorted((a, b) => a.tool.localeCompare(b.tool)),
    [pinsQuery.data],
  );
  const [selected, select] = useState<string | null>(search.tool ?? null);
  const current = selected ?? pins[0]?.tool ?? null;
  const document = useMemo(() => documentOf(history.text), [history.text]);
  const rows = useMemo(
    () =>
      document === null
        ? []
        : pins.map((pin) => ({ pin, standing: standingOf(document, pin.tool, pin.category) })),
    [document, pins],
  );
  const { remarks, loads } = useCheck(history.text, server);
  const fromFile = opened?.source === 'file';
  const readOnly = !writes || fromFile || document === null;
  const dirty = history.text !== (opened?.document ?? '');
  useUndoKeys(history);
  useLeaveWarning(dirty && opened !== null && writes && !fromFile);

  const setRules = (rules: readonly (readonly [string, Rule | null])[], group?: string): void => {
    if (document !== null) history.set(textOf(withRules(document, rules)), group);
  };
  const choose = (tools: readonly string[], state: State | 'inherit' | 'recommended'): void => {
    setRules(
      rows
        .filter(({ pin }) => tools.includes(pin.tool))
        .map(({ pin, standing }) => [
          pin.tool,
          state === 'inherit'
            ? null
            : state === 'recommended'
              ? pin.recommended
              : ruleFor(state, pin.tool, standing.rule),
        ]),
    );
    if (state === 'custom') setTab('rule');
  };
  const toRule = (rule: string): void => {
    const place = placeOf(history.text, rule);
    if (place === null) return;
    setTab('json');
    setShow({ line: place.first });
  };
  const row = rows.find(({ pin }) => pin.tool === current) ?? null;
  const errors = remarks.filter(({ severity }) => severity === 'error');
  return (
    <div className="flex min-h-[36rem] flex-col lg:h-[calc(100vh-3.25rem)]">
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
            <label className="flex items-center gap-2 text-sm text-soft">
              Tools of
              <Select
                aria-label="Server"
                className="!w-auto"
                value={server ?? ''}
                onChange={(event) => {
                  select(null);
                  void navigate({
                    search: (before) => ({
                      ...before,
                      server: event.target.value,
                      tool: undefined,
                    }),
                  });
                }}
              >
                {servers.map((one) => (
                  <option key={one.name}>{one.name}</option>
                ))}
              </Select>
            </label>
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
      {search.call === undefined ? null : (
        <FromCall
          id={search.call}
          readOnly={readOnly}
          onRule={(tool, rule) => {
            select(tool);
            setRules([[tool, rule]]);
            setTab('rule');
          }}
          ruleOf={(tool) => rows.find(({ pin }) => pin.tool === tool)?.standing.rule ?? {}}
          onClose={() => void navigate({ search: (before) => ({ ...before, call: undefined }) })}
        />
      )}
      <div className="grid min-h-0 flex-1 gap-4 lg:grid-cols-[minmax(27rem,5fr)_minmax(28rem,6fr)]">
        <Panel className="flex max-h-[70vh] min-h-0 flex-col overflow-hidden lg:max-h-none">
          <DocumentBar
            document={document}
            readOnly={readOnly}
            onField={(field, value) =>
              document !== null &&
              history.set(textOf(withField(document, field, value)), `document ${field}`)
            }
          />
          <div className="min-h-0 flex-1">
            {document === null ? (
              <Empty title="The text is no JSON">
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
                selected={current}
                readOnly={readOnly}
                onSelect={select}
                onChoose={choose}
              />
            )}
          </div>
        </Panel>
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
                {label}
                {id === 'json' && errors.length > 0 ? (
                  <Badge tone="bad">{errors.length}</Badge>
                ) : null}
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
            {tab === 'rule' && row !== null ? (
              <RuleEditor
                key={row.pin.tool}
                pin={row.pin}
                standing={row.standing}
                readOnly={readOnly}
                onChoose={(state) => choose([row.pin.tool], state)}
                onRule={(rule, group) =>
                  setRules(
                    [[row.pin.tool, rule]],
                    group === undefined ? undefined : `${row.pin.tool} ${group}`,
                  )
                }
              />
            ) : null}
            {tab === 'json' ? (
              <div className="h-full min-h-80">
                <Suspense fallback={<p className="p-4 text-soft">Opening the editor…</p>}>
                  <Editor
                    text={history.text}
                    readOnly={!writes || fromFile}
                    remarks={remarks}
                    show={show}
                    onText={(text) => history.set(text, 'typing')}
                    onUndo={history.undo}
                    onRedo={history.redo}
                  />
                </Suspense>
              </div>
            ) : null}
            {tab === 'try' ? (
              <Simulator
                text={history.text}
                server={server ?? ''}
                pins={pins}
                selected={current}
                onSelect={select}
                onRule={toRule}
              />
            ) : null}
            {tab === 'changes' && server !== null ? (
              <Changes text={history.text} policy={name} server={server} />
            ) : null}
            {tab === 'versions' ? (
              opened === null ? (
                <Empty title="Never saved">Its first version is made by the first save.</Empty>
              ) : (
                <Versions
                  policy={policy ?? opened}
                  readOnly={!writes || fromFile}
                  onPutBack={() => location.reload()}
                />
              )
            ) : null}
          </div>
          <Remarks
            remarks={remarks}
            onShow={(line) => {
              setTab('json');
              setShow({ line: line - 1 });
            }}
          />
        </Panel>
      </div>
      <Modal wide open={saving} onClose={() => setSaving(false)} title={`Save ${name}`}>
        <Save
          name={name}
          text={history.text}
          basis={opened?.version ?? 0}
          server={server}
          onSaved={(next) => {
            setOpened(next);
            history.reset(next.document);
            setSaving(false);
          }}
        />
      </Modal>
      <Modal open={copying} onClose={() => setCopying(false)} title="Copy as a new policy">
        <Copy text={history.text} server={server} />
      </Modal>
    </div>
  );
}

function DocumentBar({
  document,
  readOnly,
  onField,
}: {
  readonly document: ReturnType<typeof documentOf>;
  readonly readOnly: boolean;
  readonly onField: (field: string, value: unknown) => void;
}): ReactNode {
  if (document === null) return null;
  return (
    <fieldset
      disabled={readOnly}
      className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-3 py-2 text-xs"
    >
      <label className="flex items-center gap-1.5">
        Everything else is
        <select
          className="rounded border border-line-strong bg-panel px-1 py-0.5"
          value={document['default'] === 'allow' ? 'allow' : 'deny'}
          onChange={(event) => onField('default', event.target.value)}
        >
          <option value="deny">denied</option>
          <option value="allow">allowed</option>
        </select>
      </label>
      <label className="flex items-center gap-1.5">
        <input
          type="checkbox"
          checked={document['hide_denied'] === true}
          onChange={(event) => onField('hide_denied', event.target.checked ? true : undefined)}
        />
        hide what is always denied
      </label>
      <label className="flex items-center gap-1.5">
        <input
          type="checkbox"
          checked={document['input_schema'] === 'enforce'}
          onChange={(event) =>
            onField('input_schema', event.target.checked ? 'enforce' : undefined)
          }
        />
        arguments must fit the tools' schemas
      </label>
    </fieldset>
  );
}

function Remarks({
  remarks,
  onShow,
}: {
  readonly remarks: ReturnType<typeof useCheck>['remarks'];
  readonly onShow: (line: number) => void;
}): ReactNode {
  if (remarks.length === 0) return null;
  return (
    <ul
      aria-label="Problems and advice"
      className="max-h-32 shrink-0 overflow-y-auto border-t border-line px-3 py-1.5 text-xs"
    >
      {remarks.map((remark, index) => (
        <li key={index}>
          <button
            type="button"
            className="flex w-full gap-2 py-0.5 text-left hover:underline"
            onClick={() => onShow(remark.line)}
          >
            <span className={remark.severity === 'error' ? 'text-bad' : 'text-warn'}>
              {remark.severity === 'error' ? 'problem' : 'advice'}
            </span>
            <span className="text-soft">line {remark.line}</span>
            <span>
              {remark.message}
              {remark.hint === null ? '' : ` – ${remark.hint}`}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

interface SaveProps {
  readonly name: string;
  readonly text: string;
  readonly basis: number;
  readonly server: string | null;
  readonly onSaved: (saved: Parameters<typeof Versions>[0]['policy']) => void;
}

function Save({ name, text, basis, server, onSaved }: SaveProps): ReactNode {
  const save = useChange('savePolicy');
  const read = useQuery({
    ...reading('getPolicy', { params: { name } }),
    enabled: false,
    retry: false,
  });
  const conflict = save.error instanceof ApiError && save.error.status === 409;
  const submit = async (): Promise<void> => {
    await save.mutateAsync({ params: { name }, input: { document: text, basis } });
    const saved = await read.refetch();
    if (saved.data !== undefined) onSaved(saved.data);
  };
  return (
    <div className="space-y-4">
      {server === null ? null : <Difference text={text} policy={name} server={server} />}
      <p className="text-sm text-soft">
        It is in force for the next call of every grant that uses {name}, as version {basis + 1}.
      </p>
      <Problem error={save.error} />
      {conflict ? (
        <p className="text-sm">
          Your draft is kept here: copy it under another name, or load the page and make the change
          again.
        </p>
      ) : null}
      <div className="flex justify-end">
        <Button
          tone="primary"
          disabled={save.isPending}
          onClick={() => void submit().catch(() => null)}
        >
          Save version {basis + 1}
        </Button>
      </div>
    </div>
  );
}

function Copy({
  text,
  server,
}: {
  readonly text: string;
  readonly server: string | null;
}): ReactNode {
  const [name, setName] = useState('');
  const save = useChange('savePolicy');
  const navigate = useNavigate();
  const submit = async (): Promise<void> => {
    await save.mutateAsync({ params: { name }, input: { document: text, basis: 0 } });
    await navigate({
      to: '/policies/$name',
      params: { name },
      search: { server: server ?? undefined },
    });
  };
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        void submit().catch(() => null);
      }}
    >
      <Field
        label="Name of the copy"
        hint="It is saved as a new policy, which you can edit here and put on grants."
      >
        <Input
          value={name}
          onChange={(event) => setName(event.target.value)}
          required
          autoFocus
          pattern="[a-z0-9][a-z0-9\-]{0,31}"
        />
      </Field>
      <Problem error={save.error} />
      <div className="flex justify-end">
        <Button tone="primary" type="submit" disabled={save.isPending}>
          Save the copy
        </Button>
      </div>
    </form>
  );
}

function useUndoKeys({ undo, redo }: Pick<ReturnType<typeof useHistory>, 'undo' | 'redo'>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const target = event.composedPath()[0];
      const typing =
        target instanceof HTMLElement && target.closest('textarea, .cm-editor') !== null;
      if (event.key === '/' && !typing && !(target instanceof HTMLInputElement)) {
        window.document.querySelector<HTMLInputElement>('[data-search]')?.focus();
        event.preventDefault();
      }
      if (!(event.ctrlKey || event.metaKey) || typing) return;
      const key = event.key.toLowerCase();
      if (key !== 'z' && key !== 'y') return;
      event.preventDefault();
      if (key === 'y' || event.shiftKey) redo();
      else undo();
    };
    window.document.addEventListener('keydown', press);
    return () => window.document.removeEventListener('keydown', press);
  }, [undo, redo]);
}

/** A draft is not lost by a slip. */
function useLeaveWarning(on: boolean): void {
  useEffect(() => {
    if (!on) return undefined;
    const leave = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', leave);
    return () => removeEventListener('beforeunload', leave);
  }, [on]);
}
