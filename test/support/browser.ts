import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Scope } from './scope.ts';
import { until } from './until.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where Chromium is on this machine; null where there is none. */
export const browserPath: string | null = places.find((path) => existsSync(path)) ?? null;

/** A page of a real browser, driven by its keyboard. */
export interface BrowserPage {
  go(url: string): Promise<void>;
  /** Types into what has the focus. */
  type(text: string): Promise<void>;
  press(key: 'Enter' | 'Tab'): Promise<void>;
  /** The value of an expression in the page, as JSON. */
  value(expression: string): Promise<unknown>;
  /** Waits until an expression is true in the page. */
  until(expression: string): Promise<void>;
  /** Every address that was asked for so far. */
  requests(): readonly string[];
  /** Dialogs that were opened: a script of somebody's ran. */
  dialogs(): number;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: { readonly result?: { readonly value?: unknown } };
  readonly params?: { readonly request?: { readonly url: string } };
}

/** Starts a browser with a profile of its own, gone with `scope`, and opens an empty page in it. */
export async function openBrowser(scope: Scope, path: string): Promise<BrowserPage> {
  const profile = await mkdtemp(join(tmpdir(), 'portcullis-browser-'));
  const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'];
  const own = ['--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'];
  const child = spawn(path, [...quiet, ...own], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  scope.after(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  const socket = await connect(await pageAddress(await debuggerPort(child)));
  const waiting = new Map<number, (message: Message) => void>();
  const requests: string[] = [];
  let dialogs = 0;
  socket.addEventListener('message', (event) => {
    // The protocol of the debugger sends one of these as text.
    const message = JSON.parse(String(event.data)) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    if (message.method === 'Page.javascriptDialogOpening') dialogs += 1;
    if (message.method === 'Network.requestWillBeSent')
      requests.push(message.params?.request?.url ?? '');
  });
  let last = 0;
  const send = (method: string, params: object = {}): Promise<Message> =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  for (const domain of ['Page', 'Network', 'Runtime']) await send(`${domain}.enable`);
  const value = async (expression: string): Promise<unknown> =>
    (await send('Runtime.evaluate', { expression, returnByValue: true })).result?.result?.value;
  return {
    value,
    go: async (url) => void (await send('Page.navigate', { url })),
    type: async (text) => void (await send('Input.insertText', { text })),
    press: async (key) => {
      const code = key === 'Enter' ? 13 : 9;
      const stroke = { key, code: key, windowsVirtualKeyCode: code };
      const text = key === 'Enter' ? { text: '\r' } : {};
      await send('Input.dispatchKeyEvent', { type: 'keyDown', ...stroke, ...text });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...stroke });
    },
    until: (expression) => until(expression, async () => (await value(expression)) === true),
    requests: () => requests,
    dialogs: () => dialogs,
  };
}

function debuggerPort(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('exit', () => reject(new Error(`the browser ended: ${said}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const port = /ws:\/\/127\.0\.0\.1:([0-9]+)\//.exec(said)?.[1];
      if (port !== undefined) resolve(port);
    });
  });
}

async function pageAddress(port: string): Promise<string> {
  let address = '';
  await until('a page is there', async () => {
    const listed = await fetch(`http://127.0.0.1:${port}/json`);
    // The list of the debugger's targets has this shape.
    const targets = (await listed.json()) as readonly {
      readonly type: string;
      readonly webSocketDebuggerUrl: string;
    }[];
    address = targets.find(({ type }) => type === 'page')?.webSocketDebuggerUrl ?? '';
    return address !== '';
  });
  return address;
}

function connect(address: string): Promise<WebSocket> {
  const socket = new WebSocket(address);
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket), { once: true });
    socket.addEventListener('error', () => reject(new Error('no way to the browser')));
  });
}
