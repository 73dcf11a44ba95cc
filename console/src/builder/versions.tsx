import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { reading, useChange } from '../api/queries.ts';
import type { Operations } from '../api/operations.ts';
import { Badge, Button, Problem } from '../ui/kit.tsx';
import { SureButton } from '../ui/sure.tsx';
import { moment } from '../ui/time.ts';

/** A policy with its document and the list of its versions. */
export type Whole = Operations['getPolicy']['output'];

/** Every version, who saved it and when; any of them can be put back. */
export function Versions({
  policy,
  readOnly,
  onPutBack,
}: {
  readonly policy: Whole;
  readonly readOnly: boolean;
  readonly onPutBack: (policy: Whole) => void;
}): ReactNode {
  const [shown, show] = useState<number | null>(null);
  const putBack = useChange('putBackPolicy');
  const { name, version: newest } = policy;
  const again = useQuery({ ...reading('getPolicy', { params: { name } }), enabled: false });
  return (
    <div className="space-y-2 p-4">
      <ol className="divide-y divide-line">
        {policy.versions.map(({ version, author, createdMs }) => (
          <li key={version} className="py-2">
            <div className="flex flex-wrap items-center justify-between gap-2 text-sm">
              <span>
                <strong>Version {version}</strong>{' '}
                <span className="text-soft">
                  by {author === 'file' ? "the operator's file" : author.replace('person:', '')},{' '}
                  {moment(createdMs)}
                </span>{' '}
                {version === newest ? <Badge tone="good">in force</Badge> : null}
              </span>
              <span className="flex gap-2">
                <Button
                  tone="quiet"
                  aria-expanded={shown === version}
                  onClick={() => show(shown === version ? null : version)}
                >
                  {shown === version ? 'Hide' : 'Show'}
                </Button>
                {version === newest || readOnly ? null : (
                  <SureButton
                    tone="plain"
                    label="Put back"
                    unseen={`Put back version ${version}`}
                    asks={`Put version ${version} back?`}
                    says={`It becomes version ${newest + 1} and decides from the next call on. What is not saved here is left.`}
                    does={`Put version ${version} back`}
                    onSure={async () => {
                      await putBack.mutateAsync({
                        params: { name, version: String(version) },
                        input: { basis: newest },
                      });
                      const { data } = await again.refetch();
                      if (data !== undefined) onPutBack(data);
                    }}
                  />
                )}
              </span>
            </div>
            {shown === version ? <Document name={name} version={version} /> : null}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Document({
  name,
  version,
}: {
  readonly name: string;
  readonly version: number;
}): ReactNode {
  const { data, error } = useQuery(
    reading('getPolicyVersion', { params: { name, version: String(version) } }),
  );
  return (
    <>
      <Problem error={error} />
      <pre
        className="mt-2 max-h-72 overflow-auto rounded-md bg-paper p-2 font-mono text-xs"
        tabIndex={0}
        aria-label={`Version ${version}`}
      >
        {data?.document ?? ''}
      </pre>
    </>
  );
}
