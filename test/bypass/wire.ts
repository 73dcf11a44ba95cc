import { connect } from 'node:net';

/** What came back over one connection. */
export interface Heard {
  /** The first answer's status; 0 when there was none. */
  readonly status: number;
  /** Everything that came, heads included. */
  readonly text: string;
  /** The first answer's head, in lower case. */
  readonly head: string;
  readonly closed: boolean;
}

/** Where the target listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Bytes to write, how long to wait for an answer, and how many answers end the waiting. */
export interface Exchange {
  readonly bytes: Buffer;
  readonly waitMs: number;
  readonly answers?: number;
}

/** Writes bytes to a socket as they are, and reads until the answers are whole or time is over. */
export function exchange(
  address: Address,
  { bytes, waitMs, answers = 1 }: Exchange,
): Promise<Heard> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ ...address, noDelay: true });
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(heard(Buffer.concat(chunks), closed));
    };
    const timer = setTimeout(() => finish(false), waitMs);
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const headOnly = bytes.subarray(0, 5).toString('latin1') === 'HEAD ';
      if (wholeAnswers(Buffer.concat(chunks), headOnly) >= answers) finish(false);
    });
    socket.on('error', () => finish(true));
    socket.on('close', () => finish(true));
  });
}

function heard(bytes: Buffer, closed: boolean): Heard {
  const text = bytes.toString('utf8');
  const final = text.replace(/^(?:HTTP\/1\.1 100 [^\r\n]*\r\n\r\n)+/, '');
  const status = Number(/^HTTP\/1\.[01] ([0-9]{3})/.exec(final)?.[1] ?? 0);
  const head = final.split('\r\n\r\n', 1)[0]?.toLowerCase() ?? '';
  return { status, text, head, closed };
}

/** How many whole answers stand at the start of the bytes; those to HEAD have no body. */
function wholeAnswers(bytes: Buffer, headOnly: boolean): number {
  let count = 0;
  let at = 0;
  for (;;) {
    const blank = bytes.indexOf('\r\n\r\n', at);
    if (blank < 0) return count;
    const head = bytes.toString('latin1', at, blank).toLowerCase();
    const body = blank + 4;
    const interim = /^http\/1\.1 1[0-9]{2} /.test(head);
    const length = /\r\ncontent-length: *([0-9]+)/.exec(head)?.[1];
    if (interim || headOnly) at = body;
    else if (length !== undefined) at = body + Number(length);
    else if (/\r\ntransfer-encoding: *chunked/.test(head)) {
      const end = bytes.indexOf('\r\n0\r\n\r\n', blank);
      if (end < 0) return count;
      at = end + 7;
    } else return count;
    if (at > bytes.length) return count;
    if (!interim) count += 1;
  }
}
