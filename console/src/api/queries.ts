import { QueryClient, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { ApiError, ask, rememberCsrf, type Asked, type OperationId } from './client.ts';
import type { Operations } from './operations.ts';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 2 && error instanceof ApiError && error.status === 0,
    },
  },
});

/** The question to one operation that changes nothing, kept under its id. */
export function reading<Id extends OperationId>(id: Id, asked: Asked<Id> = {}) {
  return queryOptions({
    queryKey: [id, asked.params ?? null, asked.query ?? null, asked.input ?? null],
    queryFn: ({ signal }) => ask(id, { ...asked, signal }),
  });
}

export const sessionQuery = queryOptions({
  queryKey: ['getSession'],
  queryFn: async () => {
    const session = await ask('getSession');
    rememberCsrf(session.csrf);
    return session;
  },
  staleTime: 60_000,
});

/** A change; afterwards whatever was read is read again. */
export function useChange<Id extends OperationId>(id: Id) {
  const client = useQueryClient();
  return useMutation<Operations[Id]['output'], Error, Asked<Id>>({
    mutationFn: (asked) => ask(id, asked),
    onSettled: () => client.invalidateQueries(),
  });
}

export type Server = Operations['listServers']['output'][number];
export type Pin = Operations['listPins']['output'][number];
export type Grant = Operations['listGrants']['output'][number];
export type Policy = Operations['listPolicies']['output'][number];
export type LogLine = Operations['searchLog']['output']['lines'][number];
export type Approval = Operations['listApprovals']['output']['approvals'][number];
export type Passkey = Operations['listPasskeys']['output'][number];
export type Session = Operations['getSession']['output'];
