import { randomUUID } from 'node:crypto';

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { HttpServerConfig, ServerConfig, StdioServerConfig } from '../../registry/server.ts';
import { checkTarget } from './egress.ts';
import { failedExchange } from './exchange.ts';
import { checkConfiguredHeaders } from './headers.ts';
import { httpUpstreamDefaults, openHttpUpstream } from './http.ts';
import { guardDefaults, guardUpstream } from './pool.ts';
import { openSseUpstream } from './sse.ts';
import { stdioLimitDefaults, type StdioLimits } from './stdio-limits.ts';
import { openStdioUpstream } from './stdio.ts';
import type { Upstream } from './upstream.ts';

/** What every server is opened with; the bounds may be left at their defaults. */
export interface UpstreamDeps {
  readonly clock: Clock;
  readonly log: Log;
  /**
   * The gateway's own environment. A child gets PATH, HOME and LANG of it, and for the rest what
   * its entry says; nothing else is inherited.
   */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdioLimits?: Partial<StdioLimits>;
  /** PEM roots to trust besides the built-in ones, or undefined. */
  readonly extraCa?: string;
}

const inheritedNames: readonly string[] = ['PATH', 'HOME', 'LANG'];
const connectTimeoutMs = 10_000;
/** A session of HTTP+SSE is one connection, not a process. */
const sseSessionsMax = 1_024;

/**
 * The one way to a registered server, with its bounds around it. Nothing is connected or started
 * before the first exchange. An entry that is not acceptable opens as a server that refuses every
 * exchange and says why in the log.
 */
export function openUpstream(config: ServerConfig, deps: UpstreamDeps): Upstream {
  const { clock } = deps;
  const upstream = config.transport === 'stdio' ? openStdio(config, deps) : openHttp(config, deps);
  return guardUpstream(upstream, { clock, ...guardDefaults });
}

function openHttp(config: HttpServerConfig, deps: UpstreamDeps): Upstream {
  const target = checkTarget(config.url, config.allowPrivate);
  if (!target.ok) return refuse(config, deps, target.error);
  const headers = checkConfiguredHeaders(config.headers);
  if (!headers.ok) return refuse(config, deps, headers.error);
  const { extraCa } = deps;
  const options = {
    ...httpUpstreamDefaults,
    target: target.value,
    headers: headers.value,
    egress: { connectTimeoutMs, ...(extraCa === undefined ? {} : { extraCa }) },
  };
  if (config.transport === 'http') return openHttpUpstream(options);
  return openSseUpstream({
    http: options,
    limits: { ...stdioLimitDefaults, sessionsMax: sseSessionsMax, ...deps.stdioLimits },
    clock: deps.clock,
    endpointTimeoutMs: connectTimeoutMs,
    postTimeoutMs: connectTimeoutMs,
    newSessionId: () => randomUUID(),
  });
}

function openStdio(config: StdioServerConfig, deps: UpstreamDeps): Upstream {
  const { command, args, cwd } = config;
  return openStdioUpstream({
    server: config.name,
    command: { command, args, cwd, env: childEnvironment(config.env, deps.environment) },
    limits: { ...stdioLimitDefaults, ...deps.stdioLimits },
    clock: deps.clock,
    log: deps.log,
    newSessionId: () => randomUUID(),
  });
}

function childEnvironment(
  configured: Readonly<Record<string, string>>,
  own: UpstreamDeps['environment'],
): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const name of inheritedNames) {
    const value = own[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, ...configured };
}

function refuse(config: ServerConfig, deps: UpstreamDeps, why: string): Upstream {
  deps.log.error('upstream.refused', { server: config.name, why });
  return {
    exchange: (_request, listener) =>
      failedExchange(listener, { kind: 'refused', reached: false, detail: why }),
    close: () => Promise.resolve(),
  };
}
