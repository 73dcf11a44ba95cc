import { readJson } from '../base/json-value.ts';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type * as z from 'zod';

import { err, ok, type Result } from '../base/result.ts';
import { holdAttempts, holdCookie, readCookie, sessionCookie } from './cookies.ts';
import type { ControlDeps } from './deps.ts';
import type { ControlProblem } from './problem.ts';
import type { Actor } from './roles.ts';
import type { Call, Route } from './route.ts';

/** Bytes of a request's body. A policy of a thousand tools with rules has some 300 kB. */
const bodyBytesMax = 2_097_152;
/** How often the session of an open stream is looked at, in milliseconds. */
const watchMs = 5_000;

const statusOf = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'read-only': 403,
  'not-found': 404,
  conflict: 409,
  'too-many': 429,
  'not-recorded': 503,
} as const satisfies Readonly<Record<ControlProblem['code'], number>>;

/** Parses a request as its operation wants it, carries it out, and answers. */
export async function answer(
  context: Context,
  {
    deps,
    route,
    actor,
  }: { readonly deps: ControlDeps; readonly route: Route; readonly actor: Actor },
): Promise<Response> {
  const call = await callOf(context, route, actor);
  if (!call.ok) return refusal(context, call.error);
  const { stream, handle } = route;
  if (stream !== null) {
    return streamSSE(context, async (events) => {
      const gone = new AbortController();
      events.onAbort(() => gone.abort());
      const ends = [gone.signal, call.value.signal, deps.stopping];
      const signal = AbortSignal.any(ends);
      // What a caller does not read is not waited for any longer than the stream lasts.
      signal.addEventListener('abort', () => events.abort(), { once: true });
      // A session that ends takes its streams with it.
      const watch = setInterval(() => void isOver(deps, context).then(endIf(gone)), watchMs);
      // The query was parsed by the route's schema; a stream takes no input.
      const asked = { ...call.value, signal, input: null } as Call<null, unknown>;
      await stream(deps, asked, (event, value) =>
        events.writeSSE({ event, data: JSON.stringify(value) }),
      );
      clearInterval(watch);
    });
  }
  if (handle === null) return context.body(null, 204);
  const result = await handle(deps, call.value);
  return result.ok ? context.json(result.value ?? null) : refusal(context, result.error);
}

/** A refusal as JSON, with the status of its code. */
export function refusal(context: Context, { code, message, problems }: ControlProblem): Response {
  const body = { error: code, message, ...(problems === undefined ? {} : { problems }) };
  return context.json(body, statusOf[code]);
}

function endIf(gone: AbortController): (over: boolean) => void {
  return (over) => {
    if (over) gone.abort();
  };
}

async function isOver(deps: ControlDeps, context: Context): Promise<boolean> {
  const [key, cookie] = credentialsOf(context);
  return (await deps.sessions.actorOf(key, cookie)) === null;
}

/** The `Authorization` header and the session's cookie, empty where there is none. */
export function credentialsOf(context: Context): readonly [key: string, cookie: string] {
  return [context.req.header('authorization') ?? '', readCookie(context, sessionCookie)];
}

async function callOf(
  context: Context,
  route: Route,
  actor: Actor,
): Promise<Result<Call<unknown, unknown>, ControlProblem>> {
  const params = context.req.param();
  const query = parsed(route.query, context.req.query(), '?');
  if (!query.ok) return query;
  const body = route.input === null ? ok(null) : await bodyOf(context);
  if (!body.ok) return body;
  const input = parsed(route.input, body.value, '/');
  if (!input.ok) return input;
  const { signal } = context.req.raw;
  const { origin = '', host = '' } = context.req.header();
  return ok({
    actor,
    params,
    input: input.value,
    query: query.value,
    signal,
    page: { origin, host },
    attempts: holdAttempts(context),
    setSession: holdCookie(context, sessionCookie).set,
  });
}

function parsed(
  schema: z.ZodType | null,
  value: unknown,
  root: '/' | '?',
): Result<unknown, ControlProblem> {
  if (schema === null) return ok(null);
  const result = schema.safeParse(value);
  if (result.success) return ok(result.data);
  const issue = result.error.issues[0];
  const where = `${root}${issue?.path.join('/') ?? ''}`;
  return err({ code: 'invalid', message: `${where}: ${issue?.message ?? 'not as described'}` });
}

/** The body as JSON. Nothing else is read: a form of another site cannot send this type. */
async function bodyOf(context: Context): Promise<Result<unknown, ControlProblem>> {
  const [type = ''] = (context.req.header('content-type') ?? '').split(';', 1);
  if (type.trim().toLowerCase() !== 'application/json') {
    return err({ code: 'invalid', message: 'send the body as `content-type: application/json`' });
  }
  const text = await textOf(context);
  if (text === null) {
    const message = `the body is longer than ${bodyBytesMax} bytes; send less`;
    return err({ code: 'invalid', message });
  }
  if (text === '') return ok({});
  try {
    return ok(readJson(text));
  } catch {
    return err({ code: 'invalid', message: '/: the body is no JSON' });
  }
}

/** The body, read as far as it may go; null when it is longer. */
async function textOf(context: Context): Promise<string | null> {
  const { body } = context.req.raw;
  if (body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > bodyBytesMax) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
