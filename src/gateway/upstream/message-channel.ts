import type { Frame } from './frame.ts';
import type { UpstreamFailure } from './upstream.ts';

/** Whether a message was taken; with `full` and `gone` the server saw nothing of it. */
export type WriteResult = 'taken' | 'full' | 'gone';

/** The messages of a server, and the end of the way to it, with which every exchange fails. */
export interface ChannelEvents {
  frame(frame: Frame): void;
  gone(failure: UpstreamFailure): void;
}

/** A way to one server that carries single messages in both directions, without HTTP's shape. */
export interface MessageChannel {
  /**
   * Sends one message. `settled` hears null once the server has it, or why it does not; when the
   * whole channel ends first, `gone` says so instead.
   */
  write(message: Uint8Array, settled?: (failure: UpstreamFailure | null) => void): WriteResult;
  pause(): void;
  resume(): void;
  /** Notes a message that belongs to nobody; a server that sends too many is let go. */
  stray(method: string | null): void;
  /** Resolves when nothing of the channel is left. */
  stop(): Promise<void>;
}

/** Why a message was not taken. */
export function notTaken(result: 'full' | 'gone'): UpstreamFailure {
  return result === 'full'
    ? { kind: 'overloaded', reached: false, detail: 'the server takes no more input' }
    : { kind: 'unreachable', reached: false, detail: 'the way to the server is ending' };
}
