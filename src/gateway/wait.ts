import type { Approval } from '../approvals/approval.ts';
import type { Approvals } from '../approvals/approvals.ts';
import { progressToken } from './forward.ts';
import { underWayIn } from './cancel.ts';
import type { Gateway } from './gateway.ts';
import type { HeldDownstream } from './held-downstream.ts';
import type { ToolCall } from './question.ts';
import { stopOf } from './stopped.ts';

/** A call that waits, and what it waits on. */
export interface Waiting {
  readonly gateway: Gateway;
  readonly desk: Approvals;
  readonly call: ToolCall;
  readonly downstream: HeldDownstream;
  /** Monotonic milliseconds. */
  readonly untilMs: number;
}

/** How a wait ended. `changed` with null: the approval was over before the wait began. */
export type Waited =
  | { readonly kind: 'changed'; readonly approval: Approval | null }
  | { readonly kind: 'time' | 'stopping' }
  | { readonly kind: 'gone'; readonly how: 'client-gone' | 'cancelled' | 'declined' };

/** How often the client hears that its call still waits, in milliseconds. */
const stillWaitingMs = 10_000;

/**
 * Waits until the approval is decided, the client goes or cancels, or it is time to answer. Between
 * them the client is given progress where it asked for it, and comments where it did not.
 * `declined` resolves when the client's user did not want to open the page.
 */
export function waitForPeople(
  waiting: Waiting,
  approvalId: string,
  declined: Promise<void> | null,
): Promise<Waited> {
  const { gateway, desk, call, downstream, untilMs } = waiting;
  const leftMs = Math.max(0, untilMs - gateway.clock.monotonicMs());
  return new Promise((resolve) => {
    const undo: (() => void)[] = [];
    let over = false;
    const end = (waited: Waited): void => {
      if (over) return;
      over = true;
      for (const each of undo) each();
      resolve(waited);
    };
    undo.push(
      desk.watch(approvalId, (change) => {
        if (change === 'stopping') end({ kind: 'stopping' });
        else if (change.state !== 'pending') end({ kind: 'changed', approval: change });
      }),
    );
    downstream.watch({
      gone: () => end({ kind: 'gone', how: 'client-gone' }),
      drained: () => undefined,
    });
    const exchange = {
      cancelled: () => end({ kind: 'gone', how: 'cancelled' }),
      letGo: () => false,
      moved: () => Promise.resolve(false),
    };
    const forget = underWayIn(gateway, call.caller, call.message)?.(exchange);
    if (forget !== undefined) undo.push(forget);
    // A call that an operator stops is answered now; whoever says yes meanwhile releases nothing.
    const { exchanges } = gateway.live;
    const held = { place: -1, owner: call.caller, stop: () => end({ kind: 'stopping' }) };
    exchanges.add(held);
    undo.push(() => exchanges.remove(held));
    void declined?.then(() => end({ kind: 'gone', how: 'declined' }));
    undo.push(tell(waiting));
    const timer = setTimeout(() => end({ kind: 'time' }), leftMs);
    undo.push(() => clearTimeout(timer));
    // It may have been decided between the question and this wait.
    const now = desk.find(approvalId);
    if (now === null || now.state !== 'pending') end({ kind: 'changed', approval: now });
    if (stopOf(gateway, call.caller) !== null) end({ kind: 'stopping' });
  });
}

function tell({ call, downstream }: Waiting): () => void {
  const token = progressToken(call.message);
  let told = 0;
  const say = (): void => {
    told += 1;
    // Far below what the server may say later: progress never goes back.
    if (token === null) downstream.keepAlive();
    else downstream.progress(token, told / 1_000_000);
  };
  say();
  const timer = setInterval(say, stillWaitingMs);
  return () => clearInterval(timer);
}
