import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, rootCertificates, TLSSocket } from 'node:tls';

import { err, ok, type Result } from '../../base/result.ts';
import { judgeAddress } from './address.ts';

/** Where an HTTP server is, after its URL was checked. */
export interface Target {
  readonly secure: boolean;
  /** Name or literal address, without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** `Host` header: brackets and a port that is not the scheme's own included. */
  readonly host: string;
  readonly origin: string;
  /** Path and query, as they go on the request line. */
  readonly path: string;
  readonly allowPrivate: boolean;
}

/** Resolves a name to all its addresses; the system's resolver unless a test says otherwise. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

/** How connections are made. `extraCa` adds PEM roots; certificates are verified in any case. */
export interface EgressOptions {
  readonly connectTimeoutMs: number;
  readonly resolve?: Resolve;
  readonly extraCa?: string;
  /** For a reader of streams, which costs each read a buffer of its own. */
  readonly asStream?: boolean;
}

/** An address was refused before any packet left: never the network's fault. */
export class EgressRefused extends Error {
  override readonly name = 'EgressRefused';
}

/** Ports of services that misread HTTP as their own protocol, or that nobody serves MCP on. */
const refusedPorts: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102,
  103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445,
  465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 873, 989,
  990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 3306, 3389, 3659, 4190, 5060,
  5061, 5432, 5672, 5900, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 9042, 10080, 10250,
  11211, 27017,
]);

/**
 * Checks a server's URL: http or https, no user information, no fragment, a port that can be
 * HTTP, and, where the host is a literal address, that address. The parser has already turned
 * decimal, octal and hexadecimal forms into the dotted one.
 */
export function checkTarget(text: string, allowPrivate: boolean): Result<Target, string> {
  if (!URL.canParse(text)) return err('the URL does not parse');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return err('not http or https');
  if (url.username !== '' || url.password !== '') return err('the URL carries user information');
  if (url.hash !== '') return err('the URL carries a fragment');
  if (url.hostname === '') return err('the URL has no host');

  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  if (refusedPorts.has(port)) return err(`port ${port} is not for HTTP`);

  const hostname = url.hostname.replace(/^\[|\]$/gu, '');
  if (isIP(hostname) !== 0) {
    const verdict = judgeAddress(hostname, allowPrivate);
    if (!verdict.allowed) return err(`the address is refused (${verdict.why})`);
  }
  const path = `${url.pathname}${url.search}`;
  return ok({ secure, hostname, port, host: url.host, origin: url.origin, path, allowPrivate });
}

/**
 * Why a server may not be at this address, in words; null when it may. The name is looked up as a
 * connection would, which checks it again: this is for the person who types it.
 */
export function checkAddress(
  text: string,
  allowPrivate: boolean,
  resolve: Resolve = resolveBySystem,
): Promise<string | null> {
  const target = checkTarget(text, allowPrivate);
  if (!target.ok) return Promise.resolve(target.error);
  if (isIP(target.value.hostname) !== 0) return Promise.resolve(null);
  return new Promise((done) => {
    resolve(target.value.hostname, (error, addresses) => {
      if (error !== null || addresses.length === 0) done('the name has no address');
      // One class of answer: what a name resolves to inside is not for whoever types it.
      else done(checkAddresses(addresses, allowPrivate) === null ? null : 'the address is refused');
    });
  });
}

/**
 * Opens one connection to the target. Every address of the name is checked, one bad address
 * refuses the name, and only addresses that were checked are connected to, so that a second
 * answer of the name server changes nothing. No proxy is used, whatever the environment says.
 * `done` is called once; an `EgressRefused` means that nothing was connected to. What the socket
 * receives goes to `receiveFrom` alone, unless it was asked for as a stream.
 */
export function openConnection(
  target: Target,
  options: EgressOptions,
  done: (error: Error | null, socket: Socket | null) => void,
): Socket {
  const socket = startConnection(target, options);
  let settled = false;
  const settle = (error: Error | null): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    done(error, error === null ? socket : null);
  };
  const timer = setTimeout(() => {
    socket.destroy();
    settle(new Error('connect timeout'));
  }, options.connectTimeoutMs);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  socket.once('error', settle);
  socket.once('close', () => settle(new Error('closed while connecting')));
  socket.once(target.secure ? 'secureConnect' : 'connect', () => {
    const problem = checkPeer(socket, target);
    if (problem !== null) socket.destroy();
    settle(problem);
  });
  return socket;
}

function startConnection(target: Target, options: EgressOptions): Socket {
  const lookup = guardedLookup(target, options.resolve ?? resolveBySystem);
  const to = { host: target.hostname, port: target.port, lookup, autoSelectFamily: true };
  if (!target.secure) return connectTcp(options.asStream === true ? to : { ...to, onread });
  return connectTls({
    ...to,
    ...(isIP(target.hostname) === 0 ? { servername: target.hostname } : {}),
    ...(options.extraCa === undefined ? {} : { ca: [...rootCertificates, options.extraCa] }),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // Written out because the environment could otherwise switch verification off.
    rejectUnauthorized: true,
  });
}

type Receive = (chunk: Buffer) => void;

/** What a socket gives its bytes to is kept with it, under a name that only this module has. */
const receiver: unique symbol = Symbol('receiver');
type DirectSocket = Socket & { [receiver]?: Receive };

/**
 * Every socket reads into one buffer, and what it received is copied out at once. A stream would
 * allocate 64 KiB for each read and give most of them back, at a tenth of what a call costs.
 */
const onread = {
  buffer: Buffer.allocUnsafeSlow(65_536),
  callback(this: DirectSocket, length: number): boolean {
    const chunk = Buffer.allocUnsafe(length);
    onread.buffer.copy(chunk, 0, 0, length);
    this[receiver]?.(chunk);
    return true;
  },
};

/** Gives what a connection receives to `receive`, chunk by chunk. */
export function receiveFrom(socket: Socket, receive: Receive): void {
  if (socket instanceof TLSSocket) socket.on('data', receive);
  // The property is this module's own, as above.
  else (socket as DirectSocket)[receiver] = receive;
}

/** The socket says whom it reached: a last look, in case a path around the lookup exists. */
function checkPeer(socket: Socket, target: Target): Error | null {
  const address = socket.remoteAddress;
  if (address === undefined) return new Error('closed while connecting');
  const verdict = judgeAddress(address, target.allowPrivate);
  return verdict.allowed ? null : new EgressRefused(`peer address refused (${verdict.why})`);
}

function guardedLookup(target: Target, resolve: Resolve): LookupFunction {
  return (hostname, lookupOptions, callback) => {
    resolve(hostname, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const problem = checkAddresses(addresses, target.allowPrivate);
      const first = addresses[0];
      if (problem !== null || first === undefined) {
        return callback(problem ?? new Error('the name has no address'), []);
      }
      if (lookupOptions.all === true) return callback(null, [...addresses]);
      return callback(null, first.address, first.family);
    });
  };
}

function checkAddresses(
  addresses: readonly LookupAddress[],
  allowPrivate: boolean,
): EgressRefused | null {
  for (const { address } of addresses) {
    const verdict = judgeAddress(address, allowPrivate);
    if (!verdict.allowed) return new EgressRefused(`resolved address refused (${verdict.why})`);
  }
  return null;
}

const resolveBySystem: Resolve = (hostname, done) => {
  systemLookup(hostname, { all: true, verbatim: true }, (error, addresses) => {
    done(error, addresses ?? []);
  });
};
