import type { Context, Hono } from 'hono';

import { credentialsOf, refusal } from './answer.ts';
import type { ControlDeps } from './deps.ts';

/** Metrics for Prometheus, and what somebody should look at. */
export interface ApiTelemetry {
  /** Everything counted, in the text format of Prometheus. */
  metrics(): string;
  readonly metricsFor: 'operator' | 'anyone';
  /**
   * In words, what does not stop calls but needs somebody to look at it; the details of a
   * configuration only for whoever is known.
   */
  warnings(isKnown: boolean): readonly string[];
}

/** What health is told from; without telemetry there are no metrics. */
export type HealthDeps = Pick<ControlDeps, 'ready' | 'sessions'> & {
  readonly telemetry?: ApiTelemetry;
};

/** Health for a supervisor, and metrics for a scraper. */
export function addHealth(app: Hono, deps: HealthDeps): void {
  app.get('/healthz', (context) => context.json({ ok: true }));
  app.get('/readyz', async (context) => {
    const actor = await deps.sessions.actorOf(...credentialsOf(context));
    const warnings = deps.telemetry?.warnings(actor !== null) ?? [];
    if (deps.ready()) return context.json({ ready: true, warnings });
    const reason = 'records cannot be made durable; calls are refused';
    return context.json({ ready: false, reason, warnings }, 503);
  });
  app.get('/metrics', (context) => metrics(deps, context));
}

async function metrics({ telemetry, sessions }: HealthDeps, context: Context): Promise<Response> {
  if (telemetry === undefined) return context.notFound();
  if (telemetry.metricsFor === 'operator') {
    const actor = await sessions.actorOf(...credentialsOf(context));
    const message = 'send the operator key as a bearer token, or sign in';
    if (actor === null) return refusal(context, { code: 'unauthorized', message });
  }
  const type = 'text/plain; version=0.0.4; charset=utf-8';
  return context.body(telemetry.metrics(), 200, { 'content-type': type });
}
