import { applyEdits, scanJson, type Edit } from '../base/strict-json.ts';
import { decodeMessage } from '../mcp/decode.ts';
import type { RequestMessage } from '../mcp/message.ts';

/** The request with some ranges of its judged text replaced; null when it is no request any more. */
export function editedRequest(
  message: RequestMessage,
  edits: readonly Edit[],
): RequestMessage | null {
  const bytes = applyEdits(message.text.text, edits);
  const size = bytes.length;
  const limits = { bytesMax: size, depthMax: 256, valuesMax: size, stringMax: size };
  const scanned = scanJson(bytes, limits);
  if (!scanned.ok) return null;
  const decoded = decodeMessage(scanned.value);
  return decoded.ok && decoded.value.kind === 'request' ? decoded.value : null;
}
