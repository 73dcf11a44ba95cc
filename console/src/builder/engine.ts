import {
  compilePolicy,
  explain,
  parsePolicy,
  type AccessRequest,
  type Explanation,
  type PinnedTool,
} from '../../../src/policy/index.ts';
import type { JsonValue } from '../../../src/base/strict-json.ts';
import type { Pin } from '../api/queries.ts';
import { describe } from '../ui/definition.ts';

/** A call that was typed or taken from the log. */
export interface Trial {
  readonly pin: Pin | null;
  readonly tool: string;
  readonly server: string;
  readonly principal: string;
  readonly grant: string;
  readonly arguments: JsonValue;
  readonly labels: readonly string[];
}

/** A tool as the engine sees it: pinned, so that a trial says what the policy says. */
function pinnedTool(pin: Pin): PinnedTool {
  return {
    name: pin.tool,
    state: pin.state,
    category: pin.category,
    risk: pin.risk,
    inputSchema: describe(pin.definition).schema as JsonValue,
    digest: pin.digest,
  };
}

/**
 * Whether a document needs schemas to be compiled, which this page's security policy does not
 * allow: the gateway is asked then, which runs the same engine.
 */
export function needsGateway(text: string): boolean {
  return text.includes('"arguments"') || text.includes('"input_schema"');
}

/** Why a call gets its answer, step by step; null while the document does not load. */
export function explainHere(text: string, trial: Trial): Explanation | null {
  const parsed = parsePolicy(text);
  const compiled = parsed.ok ? compilePolicy(parsed.value) : parsed;
  if (!compiled.ok) return null;
  const request: AccessRequest = {
    principal: { id: trial.principal, kind: trial.principal.split(':', 1)[0] ?? '' },
    grantLabel: trial.grant,
    serverName: trial.server,
    toolName: trial.tool,
    tool: trial.pin === null ? null : pinnedTool(trial.pin),
    arguments: trial.arguments,
    timeMs: Date.now(),
    labels: trial.labels,
  };
  return explain({ policy: compiled.value, guardrails: [] }, request);
}
