import type * as z from 'zod';

import type { Result } from '../base/result.ts';
import type { HeldAttempts } from './cookies.ts';
import type { ControlDeps } from './deps.ts';
import type { ControlProblem } from './problem.ts';
import type { Actor, Role } from './roles.ts';
import type { AskingPage } from './site.ts';

/** One request to an operation, parsed. */
export interface Call<Input, Query> {
  readonly actor: Actor;
  /** The members of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly input: Input;
  readonly query: Query;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
  /** Which page asks. */
  readonly page: AskingPage;
  readonly attempts: HeldAttempts;
  /** Puts a session's token into the browser's cookie, or takes it out. */
  readonly setSession: (token: string | null) => void;
}

/** What a stream of events sends: a name and a value that becomes JSON. */
export type Send = (event: string, value: unknown) => Promise<void>;

/** One operation of the control API: its address, who may call it, what goes in and comes out. */
export interface Route {
  /** A verb and a noun, as the API's description and generated clients name it. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With `{name}` for each member that varies. */
  readonly path: string;
  readonly summary: string;
  /** Roles that may call it, or everybody, signed in or not. */
  readonly may: readonly Role[] | 'anyone';
  readonly input: z.ZodType | null;
  readonly query: z.ZodType | null;
  /** What the answer's JSON is, or what each event of a stream carries. */
  readonly output: z.ZodType;
  readonly handle: Handle<unknown, unknown, unknown> | null;
  /** Sends events until `signal` aborts, instead of one answer. */
  readonly stream: Stream<unknown> | null;
}

type Handle<Input, Query, Output> = (
  deps: ControlDeps,
  call: Call<Input, Query>,
) => Promise<Result<Output, ControlProblem>> | Result<Output, ControlProblem>;

type Stream<Query> = (deps: ControlDeps, call: Call<null, Query>, send: Send) => Promise<void>;

type Frozen<T> = T extends (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

type Head = Pick<Route, 'id' | 'method' | 'path' | 'summary' | 'may'>;

/** An operation that answers once. Its types are those of its schemas. */
export function route<
  Output extends z.ZodType,
  Input extends z.ZodType = z.ZodNull,
  Query extends z.ZodType = z.ZodNull,
>(
  spec: Head & {
    readonly input?: Input;
    readonly query?: Query;
    readonly output: Output;
    readonly handle: Handle<z.output<Input>, z.output<Query>, Frozen<z.output<Output>>>;
  },
): Route {
  const { input = null, query = null, handle, ...rest } = spec;
  // What is called with was parsed by the very schemas that the types were taken from.
  const untyped = handle as unknown as Handle<unknown, unknown, unknown>;
  return { ...rest, input, query, handle: untyped, stream: null };
}

/** An operation that answers with server-sent events. */
export function streamRoute<Query extends z.ZodType>(
  spec: Head & {
    readonly query: Query;
    readonly output: z.ZodType;
    readonly stream: Stream<z.output<Query>>;
  },
): Route {
  const { stream, ...rest } = spec;
  // As above: the query was parsed by its schema.
  const untyped = stream as unknown as Stream<unknown>;
  return { ...rest, input: null, handle: null, stream: untyped };
}
