import { operations, type Operations } from './operations.ts';

/** Why the gateway did not do as it was asked, in its own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly problems: readonly Placed[];

  constructor(status: number, body: Partial<Refusal>) {
    super(body.message ?? 'the gateway does not answer as expected; load the page again');
    this.status = status;
    this.code = body.error ?? 'failed';
    this.problems = body.problems ?? [];
  }
}

/** One fault of a document, with its place. */
export interface Placed {
  readonly pointer: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string | null;
}

interface Refusal {
  readonly error: string;
  readonly message: string;
  readonly problems: readonly Placed[];
}

export type OperationId = keyof Operations;

/** What an operation is asked with. */
export interface Asked<Id extends OperationId> {
  readonly params?: Operations[Id]['params'];
  readonly query?: Operations[Id]['query'];
  readonly input?: Operations[Id]['input'];
  readonly signal?: AbortSignal;
}

/** The token of this session: every change repeats it. */
let csrf = '';

export function rememberCsrf(token: string | null): void {
  csrf = token ?? '';
}

/** Asks one operation of the control API; there is no other way to it. */
export async function ask<Id extends OperationId>(
  id: Id,
  asked: Asked<Id> = {},
): Promise<Operations[Id]['output']> {
  const { method } = operations[id];
  const changes = method !== 'get';
  const hasBody = method === 'post' || method === 'put';
  const response = await fetch(addressOf(id, asked), {
    method: method.toUpperCase(),
    headers: {
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...(changes && csrf !== '' ? { 'x-portcullis-csrf': csrf } : {}),
    },
    ...(hasBody ? { body: JSON.stringify(asked.input ?? {}) } : {}),
    ...(asked.signal === undefined ? {} : { signal: asked.signal }),
  }).catch((reason: unknown) => {
    if (asked.signal?.aborted === true) throw reason;
    throw new ApiError(0, { message: 'the gateway cannot be reached; is it running?' });
  });
  const text = await response.text();
  const body: unknown = text === '' ? null : parsed(text);
  // The answer's shape is that of the description that these types were made from.
  if (response.ok) return body as Operations[Id]['output'];
  throw new ApiError(response.status, body ?? {});
}

/** The address of an operation, with its members and its query. */
export function addressOf<Id extends OperationId>(id: Id, asked: Asked<Id> = {}): string {
  // Members of paths and queries are texts and numbers.
  const params = (asked.params ?? {}) as Readonly<Record<string, string>>;
  const path = operations[id].path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked.query ?? {})) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value));
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
