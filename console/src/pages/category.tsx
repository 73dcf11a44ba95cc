import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { sessionQuery, useChange, type Pin } from '../api/queries.ts';
import { fieldOf, Form } from '../ui/form.tsx';
import {
  Badge,
  Button,
  CategoryBadge,
  Field,
  Foreign,
  Input,
  Modal,
  Problem,
  RiskBadge,
  Select,
} from '../ui/kit.tsx';
import { moment } from '../ui/time.ts';

const kinds = ['Read', 'Write', 'Execute', 'Destructive', 'Financial', 'Unclassified'] as const;
const risks = ['Low', 'Medium', 'High', 'Critical'] as const;

/** Category and risk as policies take them, with a mark where a person said so. */
export function Kind({ row }: { readonly row: Pin }): ReactNode {
  return (
    <>
      <CategoryBadge category={row.category} />
      <RiskBadge risk={row.risk} />
      {row.override === null ? null : <Badge tone="accent">set by a person</Badge>}
      {row.override?.outdated === true ? <Badge tone="warn">definition changed since</Badge> : null}
    </>
  );
}

/** What a person says a tool is, beside what the classifier says, and the way to say it. */
export function PersonsWord({ row }: { readonly row: Pin }): ReactNode {
  const { override, classified, server, tool } = row;
  const role = useQuery(sessionQuery).data?.user?.role;
  const may = role === 'admin' || role === 'policy-manager';
  const reset = useChange('resetCategory');
  const [saying, setSaying] = useState(false);
  return (
    <div className="space-y-1 text-xs text-soft">
      {override === null ? null : (
        <p>
          <Foreign>{override.actor}</Foreign> said {override.category}, {override.risk} risk,{' '}
          {moment(override.atMs)}: <Foreign>{override.reason}</Foreign>. The classifier says{' '}
          {classified.category}, {classified.risk} risk.
          {override.outdated
            ? ' The definition has changed since, so the graver of both holds until somebody says it again.'
            : ''}
        </p>
      )}
      {may ? (
        <span className="flex gap-2">
          <Button onClick={() => setSaying(true)}>Set the category</Button>
          {override === null ? null : (
            <Button
              tone="quiet"
              onClick={() => reset.mutate({ params: { name: server, tool } })}
              disabled={reset.isPending}
            >
              Back to the classifier's
            </Button>
          )}
        </span>
      ) : null}
      <Problem error={reset.error} />
      <Modal open={saying} onClose={() => setSaying(false)} title="Set the category">
        <SetCategory row={row} onDone={() => setSaying(false)} />
      </Modal>
    </div>
  );
}

function SetCategory({
  row,
  onDone,
}: {
  readonly row: Pin;
  readonly onDone: () => void;
}): ReactNode {
  const set = useChange('setCategory');
  const submit = async (form: FormData): Promise<void> => {
    const input = {
      category: kinds.find((one) => one === fieldOf(form, 'category')) ?? 'Unclassified',
      risk: risks.find((one) => one === fieldOf(form, 'risk')) ?? 'Critical',
      reason: fieldOf(form, 'reason'),
      digest: row.digest,
    };
    await set.mutateAsync({ params: { name: row.server, tool: row.tool }, input });
    onDone();
  };
  return (
    <Form
      onSubmit={submit}
      error={set.error}
      submit="Set it"
      disabled={set.isPending}
      onCancel={onDone}
    >
      <p className="text-sm">
        <Foreign mono>{row.tool}</Foreign> is {row.classified.category}, {row.classified.risk} risk,
        for the classifier. Policies with rules for categories go by what you say, and so does the
        recommended rule.
      </p>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Category">
          <Select name="category" defaultValue={row.category} autoFocus>
            {kinds.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        </Field>
        <Field label="Risk">
          <Select name="risk" defaultValue={row.risk}>
            {risks.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        </Field>
      </div>
      <Field label="Why" hint="It is on record with your name.">
        <Input name="reason" required maxLength={500} />
      </Field>
    </Form>
  );
}
