import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { reading, useChange } from '../api/queries.ts';
import { Button, Field, Foreign, Input, Modal, Problem } from '../ui/kit.tsx';
import { distance } from '../ui/time.ts';

/** Refuses everything, at once, after one question. Whoever may not use it sees its state. */
export function KillSwitch({
  role,
  byLink = false,
}: {
  readonly role: string;
  /** Whether it opens by a link that ends in `#stop`, as pages without a script have. */
  readonly byLink?: boolean;
}): ReactNode {
  const stops = useQuery({ ...reading('listStops'), refetchInterval: 5_000 }).data ?? [];
  const stop = useChange('stopCalls');
  const release = useChange('releaseCalls');
  const [open, setOpen] = useState(byLink && location.hash === '#stop');
  const [reason, setReason] = useState('');
  const stopped = stops.length > 0;
  const everything = stops.some(({ kind }) => kind === 'all');
  return (
    <>
      <Button
        tone={stopped ? 'danger' : 'plain'}
        className="w-full"
        onClick={() => setOpen(true)}
        aria-live="polite"
      >
        {everything ? 'Everything is stopped' : stopped ? `${stops.length} stopped` : 'Kill switch'}
      </Button>
      <Modal open={open} onClose={() => setOpen(false)} title="Kill switch">
        <div className="space-y-4">
          {stops.map(({ kind, name, label, reason: why, actor, sinceMs }) => (
            <div
              key={`${kind} ${name}`}
              className="flex items-center justify-between gap-3 rounded-md bg-bad-soft px-3 py-2 text-sm"
            >
              <span>
                <Foreign className="font-semibold">{label}</Foreign> stopped by {actor},{' '}
                {distance(Date.now() - sinceMs)} ago
                {why === null ? null : (
                  <>
                    : <Foreign>{why}</Foreign>
                  </>
                )}
              </span>
              {role === 'admin' ? (
                <Button onClick={() => release.mutate({ input: { kind, name } })}>Release</Button>
              ) : null}
            </div>
          ))}
          {everything ? null : (
            <>
              <p className="text-sm">
                Every call of every agent is refused from the next moment on. What is under way
                ends, open streams are closed, and held calls do not run. Nothing is lost: release
                it, and agents go on.
              </p>
              <Field label="Reason, shown to agents (optional)">
                <Input
                  value={reason}
                  maxLength={200}
                  onChange={(event) => setReason(event.target.value)}
                />
              </Field>
              <Problem error={stop.error} />
              <Button
                tone="danger"
                className="w-full"
                disabled={role !== 'admin' || stop.isPending}
                onClick={() =>
                  stop.mutate({ input: { kind: 'all', reason: reason.trim() || null } })
                }
              >
                Stop everything now
              </Button>
              {role === 'admin' ? null : (
                <p className="text-xs text-soft">Only an administrator may stop everything.</p>
              )}
            </>
          )}
        </div>
      </Modal>
    </>
  );
}
