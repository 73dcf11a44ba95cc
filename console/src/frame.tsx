import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';

import { ask } from './api/client.ts';
import { queryClient, reading, sessionQuery } from './api/queries.ts';
import { KillSwitch } from './pages/kill-switch.tsx';
import { Badge, Button, classes } from './ui/kit.tsx';
import { Mark } from './ui/mark.tsx';
import { setTheme, theme, type Theme } from './ui/theme.ts';

const links = [
  ['/', 'Overview'],
  ['/servers', 'Servers'],
  ['/policies', 'Policies'],
  ['/grants', 'Grants'],
  ['/log', 'Log'],
  ['/approvals', 'Approvals'],
] as const;

/** Pages of the gateway that are drawn by the server, in the same place. */
const outside = [
  ['/catalogue', 'Catalogue'],
  ['/attacks', 'Attacks'],
] as const;

/** Everything around a page: where one can go, who one is, and the kill switch. */
export function Frame(): ReactNode {
  const [open, setOpen] = useState(false);
  const session = useQuery(sessionQuery).data;
  return (
    <div className="flex h-full flex-col lg:flex-row">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-panel focus:p-2"
      >
        Skip to the page
      </a>
      <div className="flex items-center justify-between border-b border-line bg-panel px-4 py-2 lg:hidden">
        <Brand />
        <div className="flex items-center gap-2">
          <KillSwitch role={session?.user?.role ?? 'viewer'} />
          <Button
            tone="quiet"
            aria-expanded={open}
            aria-controls="nav"
            onClick={() => setOpen(!open)}
          >
            Menu
          </Button>
        </div>
      </div>
      <nav
        id="nav"
        aria-label="Console"
        className={classes(
          'shrink-0 flex-col border-r border-line bg-panel lg:flex lg:w-52',
          open ? 'flex' : 'hidden',
        )}
      >
        <div className="hidden px-4 pt-5 pb-4 lg:block">
          <Brand />
        </div>
        <ul className="flex-1 space-y-0.5 px-2 py-2" onClick={() => setOpen(false)}>
          {links.map(([to, label]) => (
            <li key={to}>
              <Link
                to={to}
                activeOptions={{ exact: to === '/' }}
                className={item}
                activeProps={{ className: `${item} bg-accent-soft !text-accent font-semibold` }}
              >
                {label}
                {to === '/approvals' ? <Waiting /> : null}
              </Link>
            </li>
          ))}
          {session?.user?.role === 'admin' ? (
            <li>
              <Link
                to="/users"
                className={item}
                activeProps={{ className: `${item} bg-accent-soft !text-accent font-semibold` }}
              >
                Users
              </Link>
            </li>
          ) : null}
          <li aria-hidden className="my-2 border-t border-line" />
          {outside.map(([href, label]) => (
            <li key={href}>
              <a href={href} className={item}>
                {label}
              </a>
            </li>
          ))}
        </ul>
        <div className="space-y-3 border-t border-line px-4 py-4">
          <div className="hidden lg:block">
            <KillSwitch role={session?.user?.role ?? 'viewer'} byLink />
          </div>
          <Account name={session?.user?.name ?? ''} role={session?.user?.role ?? ''} />
        </div>
      </nav>
      <main id="main" className="min-h-0 min-w-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="mx-auto max-w-[1500px] px-4 py-5 md:px-7 md:py-6">
          <Outlet />
        </div>
      </main>
    </div>
  );
}

const item =
  'flex items-center justify-between rounded-md px-3 py-1.5 text-sm text-ink hover:bg-paper';

function Brand(): ReactNode {
  return (
    <span className="flex items-center gap-2 text-base font-semibold">
      <Mark size="size-5" lines={1.6} />
      Portcullis
    </span>
  );
}

function Waiting(): ReactNode {
  const { data } = useQuery({ ...reading('listApprovals'), refetchInterval: 3_000 });
  const count = data?.approvals.length ?? 0;
  if (count === 0) return null;
  return (
    <Badge tone="warn">
      {count}
      <span className="sr-only"> waiting</span>
    </Badge>
  );
}

function Account({ name, role }: { readonly name: string; readonly role: string }): ReactNode {
  const navigate = useNavigate();
  const [chosen, choose] = useState<Theme>(theme());
  const signOut = async (): Promise<void> => {
    await ask('signOut');
    queryClient.clear();
    await navigate({ to: '/sign-in' });
  };
  return (
    <div className="space-y-2 text-xs text-soft">
      <div className="flex items-center justify-between gap-2">
        <Link to="/account" className="truncate text-accent hover:underline" title={name}>
          {name.replace('person:', '')} · {role}
          <span className="sr-only">: your account</span>
        </Link>
        <span className="flex shrink-0 gap-2">
          <button
            type="button"
            className="text-accent hover:underline"
            onClick={() => void signOut()}
          >
            Sign out
          </button>
        </span>
      </div>
      <label className="flex items-center justify-between gap-2">
        Theme
        <select
          value={chosen}
          className="rounded border border-line bg-panel px-1 py-0.5 text-xs text-ink"
          onChange={(event) => {
            // The options below are the themes.
            const next = event.target.value as Theme;
            choose(next);
            setTheme(next);
          }}
        >
          <option value="auto">system</option>
          <option value="light">light</option>
          <option value="dark">dark</option>
        </select>
      </label>
    </div>
  );
}
