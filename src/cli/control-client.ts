import { readJson } from '../base/json-value.ts';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import { isServed } from '../main/folder.ts';

/** Why a command could not be carried out, for a person. */
export interface ClientProblem {
  readonly code: string;
  readonly message: string;
}

/** The control API of the gateway that runs on a data folder. */
export interface ControlClient {
  get(path: string): Promise<Result<unknown, ClientProblem>>;
  post(path: string, body?: unknown): Promise<Result<unknown, ClientProblem>>;
  put(path: string, body: unknown): Promise<Result<unknown, ClientProblem>>;
  remove(path: string): Promise<Result<unknown, ClientProblem>>;
  /** Events of a stream until it ends, breaks, or `signal` aborts. */
  events(path: string, signal: AbortSignal): AsyncIterable<ServerEvent>;
}

/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Finds the running gateway by its data folder; the problem says how to start one. */
export async function connectControl(
  dataDir: string,
): Promise<Result<ControlClient, ClientProblem>> {
  const url = await addressIn(dataDir);
  const key = await textOf(join(dataDir, 'operator.key'));
  // Without its gateway the address may be somebody else's by now, who must not be sent the key.
  if (url === null || key === null || !isServed(dataDir)) {
    const folder = resolve(dataDir);
    const message = `no gateway runs on ${folder}; start one with \`portcullis up --data ${folder}\`, or name another folder`;
    return err({ code: 'not-running', message });
  }
  const send = (method: string, path: string, body?: unknown) =>
    request({ url, key, method, path, body });
  return ok({
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, body ?? {}),
    put: (path, body) => send('PUT', path, body),
    remove: (path) => send('DELETE', path),
    events: (path, signal) => eventsOf({ url, key, path, signal }),
  });
}

async function addressIn(dataDir: string): Promise<string | null> {
  const text = await textOf(join(dataDir, 'run.json'));
  if (text === null) return null;
  try {
    const parsed: unknown = readJson(text);
    const found =
      typeof parsed === 'object' && parsed !== null && 'url' in parsed ? parsed.url : null;
    return typeof found === 'string' ? found : null;
  } catch {
    return null;
  }
}

async function textOf(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    return null;
  }
}

async function request(call: {
  readonly url: string;
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}): Promise<Result<unknown, ClientProblem>> {
  try {
    const response = await fetch(new URL(call.path, call.url), {
      method: call.method,
      headers: {
        authorization: `Bearer ${call.key}`,
        'content-type': 'application/json',
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: AbortSignal.timeout(15_000),
    });
    const answer = readJson(await response.text());
    return response.ok ? ok(answer) : err(problemOf(answer));
  } catch {
    const message = `the gateway at ${call.url} does not answer; is it still running?`;
    return err({ code: 'unreachable', message });
  }
}

async function* eventsOf(call: {
  readonly url: string;
  readonly key: string;
  readonly path: string;
  readonly signal: AbortSignal;
}): AsyncIterable<ServerEvent> {
  try {
    const headers = { authorization: `Bearer ${call.key}` };
    const response = await fetch(new URL(call.path, call.url), { headers, signal: call.signal });
    if (!response.ok || response.body === null) return;
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) yield eventOf(part);
    }
  } catch {
    // It broke or was aborted: whoever reads knows how far it came.
  }
}

function eventOf(part: string): ServerEvent {
  const lines = part.split('\n');
  const member = (name: string): string =>
    lines
      .filter((line) => line.startsWith(name))
      .map((line) => line.slice(name.length))
      .join('\n');
  return { event: member('event: '), data: member('data: ') };
}

function problemOf(answer: unknown): ClientProblem {
  if (typeof answer !== 'object' || answer === null)
    return { code: 'failed', message: 'the gateway refused' };
  const code = 'error' in answer ? String(answer.error) : 'failed';
  const message = 'message' in answer ? String(answer.message) : 'the gateway refused';
  return { code, message };
}
