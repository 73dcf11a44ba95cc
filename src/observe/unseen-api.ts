import { metrics, trace } from '@opentelemetry/api';

/** What an SDK must be made for to be seen: the API that this program brings, or a later 1.x. */
export const apiNeeded = '1.10';

/**
 * The version of an OpenTelemetry API that something was registered with and that is not looked at,
 * for it is older than the one inside or of another major version; null where there is none. The
 * API says nothing of it: it finds no SDK, and everything made for it goes nowhere.
 */
export function unseenApi(): string | null {
  for (const key of Object.getOwnPropertySymbols(globalThis)) {
    if (!/^opentelemetry\.js\.api\.\d+$/.test(Symbol.keyFor(key) ?? '')) continue;
    const registered: unknown = Reflect.get(globalThis, key);
    const unseen =
      isUnseen(memberOf(registered, 'trace'), trace.getTracerProvider()) ||
      isUnseen(memberOf(registered, 'metrics'), metrics.getMeterProvider());
    if (!unseen) continue;
    const version = memberOf(registered, 'version');
    return typeof version === 'string' ? version.slice(0, 40) : 'unknown';
  }
  return null;
}

function isUnseen(registered: unknown, seen: object): boolean {
  return registered !== undefined && registered !== seen;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
