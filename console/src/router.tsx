import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';

import { queryClient, sessionQuery } from './api/queries.ts';
import { Frame } from './frame.tsx';
import { Overview } from './pages/overview.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { SignedIn } from './pages/signed-in.tsx';
import { Welcome } from './pages/welcome.tsx';

const root = createRootRoute();

const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { readonly next?: string | undefined } => ({
    next: text(search['next']),
  }),
  component: SignIn,
});

const welcome = createRoute({ getParentRoute: () => root, path: '/welcome', component: Welcome });

const signedIn = createRoute({
  getParentRoute: () => root,
  path: '/signed-in',
  component: SignedIn,
});

const frame = createRoute({
  getParentRoute: () => root,
  id: 'frame',
  component: Frame,
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery);
    // The page to go back to is a path of ours: it is never taken from anywhere else.
    if (session.user === null)
      throw redirect({ to: '/sign-in', search: { next: location.pathname } });
  },
});

interface BuilderSearch {
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  /** A recorded call to make a rule from. */
  readonly call?: string | undefined;
  /** An entry of the attack database whose gaps are to be closed, or `all`. */
  readonly attack?: string | undefined;
}

interface LogSearch {
  readonly grant?: string | undefined;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  readonly decision?: string | undefined;
  /** The record whose story is shown. */
  readonly id?: string | undefined;
}

const overview = createRoute({ getParentRoute: () => frame, path: '/', component: Overview });
const servers = createRoute({
  getParentRoute: () => frame,
  path: '/servers',
  component: lazyRouteComponent(() => import('./pages/servers.tsx'), 'Servers'),
});
const server = createRoute({
  getParentRoute: () => frame,
  path: '/servers/$name',
  validateSearch: (search: Record<string, unknown>): { readonly tool?: string | undefined } => ({
    tool: text(search['tool']),
  }),
  component: lazyRouteComponent(() => import('./pages/server.tsx'), 'ServerPage'),
});
const policies = createRoute({
  getParentRoute: () => frame,
  path: '/policies',
  component: lazyRouteComponent(() => import('./pages/policies.tsx'), 'Policies'),
});
const builder = createRoute({
  getParentRoute: () => frame,
  path: '/policies/$name',
  validateSearch: (search: Record<string, unknown>): BuilderSearch => ({
    server: text(search['server']),
    tool: text(search['tool']),
    call: text(search['call']),
    attack: text(search['attack']),
  }),
  component: lazyRouteComponent(() => import('./builder/page.tsx'), 'BuilderPage'),
});
const grants = createRoute({
  getParentRoute: () => frame,
  path: '/grants',
  validateSearch: (search: Record<string, unknown>): { readonly grant?: string | undefined } => ({
    grant: text(search['grant']),
  }),
  component: lazyRouteComponent(() => import('./pages/grants.tsx'), 'Grants'),
});
const log = createRoute({
  getParentRoute: () => frame,
  path: '/log',
  validateSearch: (search: Record<string, unknown>): LogSearch => ({
    grant: text(search['grant']),
    server: text(search['server']),
    tool: text(search['tool']),
    decision: text(search['decision']),
    id: text(search['id']),
  }),
  component: lazyRouteComponent(() => import('./log/page.tsx'), 'LogPage'),
});
const approvals = createRoute({
  getParentRoute: () => frame,
  path: '/approvals',
  component: lazyRouteComponent(() => import('./pages/approvals.tsx'), 'Approvals'),
});
const users = createRoute({
  getParentRoute: () => frame,
  path: '/users',
  component: lazyRouteComponent(() => import('./pages/users.tsx'), 'Users'),
});

const account = createRoute({
  getParentRoute: () => frame,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account.tsx'), 'Account'),
});

const tree = root.addChildren([
  signIn,
  welcome,
  signedIn,
  frame.addChildren([
    overview,
    servers,
    server,
    policies,
    builder,
    grants,
    log,
    approvals,
    users,
    account,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  basepath: '/console',
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
