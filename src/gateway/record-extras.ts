import type { IntentRecord, RecordedValue } from '../audit/record.ts';
import { recordedValue, type ToolRecording } from '../audit/recorded-value.ts';
import type { Digest } from '../audit/redact.ts';
import { canonicalJson } from '../base/canonical-json.ts';
import { membersAt } from '../base/strict-json.ts';
import type { RequestMessage } from '../mcp/message.ts';
import type { Gateway } from './gateway.ts';
import type { ToolCall } from './question.ts';

type Extras = Pick<IntentRecord, 'traceparent' | 'valueDigests' | 'arguments'>;

/** W3C Trace Context §3.2.2: version, trace id, parent id, flags. */
const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** As many arguments as a record names, and no text longer than this has a digest of its own. */
const digestsMax = 64;
const digestedCharactersMax = 16_384;

/**
 * What a record holds beside its own members: the client's trace, and what the operator asks for of
 * this tool. Null, at the cost of two look-ups, for a call that has neither.
 */
export function recordExtras(gateway: Gateway, call: ToolCall): Extras | null {
  const traceparent = traceparentOf(call.message);
  const recording = gateway.recording?.(call.caller.server, call.question.toolName) ?? null;
  if (traceparent === null && recording === null) return null;
  return {
    ...(traceparent === null ? {} : { traceparent }),
    ...(recording === null ? {} : argumentsOf(gateway.digest, call, recording)),
  };
}

function traceparentOf(message: RequestMessage): string | null {
  const meta = message.params?.['_meta'];
  if (typeof meta !== 'object' || meta === null || !('traceparent' in meta)) return null;
  const { traceparent } = meta;
  return typeof traceparent === 'string' && traceparentPattern.test(traceparent)
    ? traceparent
    : null;
}

function argumentsOf(
  digest: Digest,
  { message, question }: ToolCall,
  { level, redact }: ToolRecording,
): Extras {
  const valueDigests = digestsOf(digest, message);
  if (level === 'digests') return { valueDigests };
  const kept: RecordedValue = recordedValue(question.arguments ?? null, redact);
  return { valueDigests, arguments: kept };
}

/** Of the canonical text of each top-level argument: equal values have equal digests. */
function digestsOf(digest: Digest, message: RequestMessage): Readonly<Record<string, string>> {
  if (message.paramsSpan === null) return {};
  const { text } = message;
  const named = membersAt(text.text, message.paramsSpan.start).find((m) => m.key === 'arguments');
  if (named === undefined || text.text[named.valueStart] !== '{') return {};
  const found: [string, string][] = [];
  for (const { key, valueStart, valueEnd } of membersAt(text.text, named.valueStart)) {
    if (found.length >= digestsMax) break;
    if (valueEnd - valueStart > digestedCharactersMax) continue;
    found.push([key.slice(0, 128), digest(canonicalJson(text, valueStart, valueEnd))]);
  }
  return Object.fromEntries(found);
}
