import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useMemo, useState, type ReactNode } from 'react';

import { reading, type Pin } from '../api/queries.ts';
import { describe, exampleOf } from '../ui/definition.ts';
import { parsedJson } from '../ui/json.ts';
import { Badge, Field, Foreign, Input, Select, Sentence, classes, visible } from '../ui/kit.tsx';
import { explainHere, needsGateway, type Trial } from './engine.ts';

interface SimulatorProps {
  readonly text: string;
  readonly server: string;
  readonly pins: readonly Pin[];
  readonly selected: string | null;
  readonly onSelect: (tool: string) => void;
  readonly onRule: (rule: string) => void;
}

/** Tries a call on the draft, and says step by step why it gets its answer. */
export function Simulator({
  text,
  server,
  pins,
  selected,
  onSelect,
  onRule,
}: SimulatorProps): ReactNode {
  const pin = pins.find(({ tool }) => tool === selected) ?? null;
  const [typed, setTyped] = useState('{}');
  const [principal, setPrincipal] = useState('agent:someone');
  const [grant, setGrant] = useState('');
  const [labels, setLabels] = useState('');
  useEffect(() => {
    setTyped(
      JSON.stringify(pin === null ? {} : exampleOf(describe(pin.definition).schema), null, 2),
    );
  }, [pin]);
  const values = useMemo(() => parsedJson(typed), [typed]);
  const trial: Trial | null =
    values === undefined || selected === null
      ? null
      : {
          pin,
          tool: selected,
          server,
          principal,
          grant,
          arguments: values,
          labels: labels.split(/[\s,]+/).filter((word) => word !== ''),
        };
  return (
    <div className="space-y-3 p-4">
      <p className="text-xs text-soft">
        Type a call: this draft answers at once, by the engine that decides in the gateway. Nothing
        is sent to the server.
      </p>
      <div className="grid gap-2 sm:grid-cols-2">
        <Field label="Tool">
          <Select
            aria-label="Tool to try"
            value={selected ?? ''}
            onChange={(event) => onSelect(event.target.value)}
          >
            {pins.map(({ tool }) => (
              <option key={tool} value={tool}>
                {visible(tool)}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Principal">
          <Input value={principal} onChange={(event) => setPrincipal(event.target.value)} />
        </Field>
        <Field label="Grant">
          <Input
            value={grant}
            placeholder="its label"
            onChange={(event) => setGrant(event.target.value)}
          />
        </Field>
        <Field label="Labels in force">
          <Input
            value={labels}
            placeholder="none"
            onChange={(event) => setLabels(event.target.value)}
          />
        </Field>
      </div>
      <Field label="Arguments, JSON">
        <textarea
          value={typed}
          rows={Math.min(10, typed.split('\n').length + 1)}
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
          className="w-full rounded-md border border-line-strong bg-panel p-2 font-mono text-xs"
        />
      </Field>
      {values === undefined ? (
        <p className="text-sm text-bad">These arguments are no JSON.</p>
      ) : null}
      {trial === null ? null : <Answer text={text} trial={trial} onRule={onRule} />}
    </div>
  );
}

interface Step {
  readonly document: string;
  readonly step: number;
  readonly rule: string;
  readonly outcome: string;
  readonly text: string;
}

function Answer({
  text,
  trial,
  onRule,
}: {
  readonly text: string;
  readonly trial: Trial;
  readonly onRule: (rule: string) => void;
}): ReactNode {
  const latest = useDeferredValue(text);
  const far = needsGateway(latest);
  const here = useMemo(() => (far ? null : explainHere(latest, trial)), [far, latest, trial]);
  const { tool, server, principal, grant, labels } = trial;
  const input = {
    document: latest,
    tool,
    server,
    principal,
    grant,
    labels,
    arguments: trial.arguments,
  };
  const asked = useQuery({
    ...reading('explainPolicy', { input }),
    enabled: far,
    retry: false,
  });
  const explained = far
    ? asked.data
    : here === null
      ? undefined
      : {
          effect: here.decision.effect,
          rule: here.decision.rule,
          message: here.decision.effect === 'deny' ? here.decision.message : null,
          steps: here.steps,
        };
  if (explained === undefined) {
    return <p className="text-sm text-soft">The document does not load yet: see its problems.</p>;
  }
  const { effect, rule, message } = explained;
  const steps: readonly Step[] = explained.steps;
  const asks = steps.some(({ outcome }) => outcome === 'asks');
  const verdict = effect === 'deny' ? 'Refused' : asks ? 'Waits for a person' : 'Allowed';
  const tone =
    effect === 'deny'
      ? 'bg-bad-soft text-bad'
      : asks
        ? 'bg-warn-soft text-warn'
        : 'bg-good-soft text-good';
  return (
    <div aria-live="polite">
      <div className={classes('rounded-md px-3 py-2', tone)}>
        <p className="text-base font-semibold" data-verdict>
          {verdict}
        </p>
        <button
          type="button"
          className="text-left text-xs hover:underline"
          onClick={() => onRule(rule)}
        >
          by <Foreign mono>{rule}</Foreign>
        </button>
        {message === null ? null : (
          <p className="text-sm">
            <Sentence>{message}</Sentence>
          </p>
        )}
      </div>
      <ol className="mt-2 space-y-1">
        {steps.map((step, index) => (
          <li key={index} className="flex gap-2 text-xs">
            <span className="w-5 text-right text-soft tabular-nums">{step.step}</span>
            <Badge
              tone={
                step.outcome === 'refused' ? 'bad' : step.outcome === 'passed' ? 'good' : 'warn'
              }
            >
              {step.outcome}
            </Badge>
            <span className="min-w-0 flex-1">
              <Sentence>{step.text}</Sentence>
              <button
                type="button"
                className="ml-1 text-soft hover:underline"
                onClick={() => onRule(step.rule)}
              >
                <Foreign mono>{step.rule}</Foreign>
              </button>
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
