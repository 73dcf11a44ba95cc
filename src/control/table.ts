import { approvalRoutes } from './approval-operations.ts';
import { attackRoutes } from './attacks/operations.ts';
import { grantRoutes } from './grants.ts';
import { limitRoutes } from './limits.ts';
import { logRoutes } from './log.ts';
import { policyRoutes } from './policies.ts';
import { recordRoutes } from './records.ts';
import { oidcRoutes } from './oidc.ts';
import { passkeyRoutes } from './passkeys.ts';
import { passkeySignInRoutes } from './passkey-sign-in.ts';
import type { Route } from './route.ts';
import { serverRoutes } from './servers.ts';
import { signInRoutes } from './sign-in.ts';
import { statusRoutes } from './status.ts';
import { stopRoutes } from './stops.ts';
import { userRoutes } from './users.ts';

/** Every operation of the control API; what is not here does not exist. */
export const table: readonly Route[] = [
  ...statusRoutes,
  ...stopRoutes,
  ...serverRoutes,
  ...policyRoutes,
  ...attackRoutes,
  ...grantRoutes,
  ...approvalRoutes,
  ...limitRoutes,
  ...logRoutes,
  ...recordRoutes,
  ...signInRoutes,
  ...oidcRoutes,
  ...passkeySignInRoutes,
  ...passkeyRoutes,
  ...userRoutes,
];
