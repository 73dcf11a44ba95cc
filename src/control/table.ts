import { approvalRoutes } from './approval-operations.ts';
import { grantRoutes } from './grants.ts';
import { policyRoutes } from './policies.ts';
import type { Route } from './route.ts';
import { serverRoutes } from './servers.ts';
import { statusRoutes } from './status.ts';
import { stopRoutes } from './stops.ts';

/** Every operation of the control API; what is not here does not exist. */
export const table: readonly Route[] = [
  ...statusRoutes,
  ...stopRoutes,
  ...serverRoutes,
  ...policyRoutes,
  ...grantRoutes,
  ...approvalRoutes,
];
