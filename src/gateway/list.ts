import { hash } from 'node:crypto';

import { canonicalJson } from '../base/canonical-json.ts';
import { err, ok, type Result } from '../base/result.ts';
import { scanJson, type JsonLimits } from '../base/strict-json.ts';
import type { Answer } from '../mcp/answer.ts';
import type { Era } from '../mcp/message.ts';
import { editToolList, readToolList, type ToolEntry, type ToolList } from '../mcp/tool.ts';
import { isVisible, type PinnedTool, type PolicySet } from '../policy/index.ts';
import { definitionBytesMax, toolsMax } from '../registry/pin.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { permissive } from './permissive.ts';

/** Bounds of a list of tools: larger ones are refused, never passed on unread. */
export const listLimits: JsonLimits = {
  bytesMax: 4_194_304,
  depthMax: 64,
  valuesMax: 250_000,
  stringMax: 1_048_576,
};

/** SHA-256 of the canonical whole definition, hexadecimal: what a pin compares. */
export function definitionDigest(list: ToolList, tool: ToolEntry): string {
  return hash('sha256', canonicalJson(list.text, tool.span.start, tool.span.end), 'hex');
}

/** A longer answer is read in parts, between which everybody else has a turn. */
const atOnceLength = 65_536;
/** How long a part may take, in milliseconds. */
const partMs = 5;

/**
 * Reads the answer to `tools/list`. The scan of it and the reading of its outline are one part each,
 * some 20 ms at the 4 MiB that an answer may have.
 */
export async function readAnsweredTools({
  text,
}: Pick<Answer, 'text'>): Promise<Result<ToolList, string>> {
  const scanned = scanJson(Buffer.from(text), listLimits);
  if (!scanned.ok) return err(scanned.error.code);
  if (text.length > atOnceLength) await turn();
  const list = readToolList(scanned.value);
  if (list.ok && text.length > atOnceLength) await turn();
  return list;
}

/**
 * Compares the tools of a long list with their pins, a part at a time, so that `visibilityFor`
 * finds each of them compared.
 */
export async function comparePins(gateway: Gateway, server: string, list: ToolList): Promise<void> {
  if (list.text.text.length <= atOnceLength) return;
  const pinned = gateway.snapshot().servers.get(server)?.tools;
  let sinceMs = gateway.clock.monotonicMs();
  for (const tool of list.tools) {
    const pin = pinned?.get(tool.name);
    if (pin !== undefined) isPinned(gateway, pin, list, tool);
    if (gateway.clock.monotonicMs() - sinceMs < partMs) continue;
    await turn();
    sinceMs = gateway.clock.monotonicMs();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Whether the definition is the pinned one; the answer for the last text is remembered. */
function isPinned(gateway: Gateway, pin: PinnedTool, list: ToolList, tool: ToolEntry): boolean {
  // What cannot be pinned is not digested: a server could keep the gateway busy with it.
  if (tool.span.end - tool.span.start > definitionBytesMax) return false;
  const text = hash('sha256', list.text.text.slice(tool.span.start, tool.span.end), 'base64');
  const known = gateway.live.definitions.get(pin);
  if (known?.text === text) return known.isPinned;
  const answer = pin.digest === definitionDigest(list, tool);
  gateway.live.definitions.set(pin, { text, isPinned: answer });
  return answer;
}

/** A name that stands once in its list, and is one that every client reads alike. */
export function isUnambiguous(list: ToolList, tool: ToolEntry): boolean {
  return tool.wellNamed && !list.duplicated.has(tool.name);
}

/** What one grant may see of one server's tools right now. */
export function visibilityFor(
  gateway: Gateway,
  caller: Pick<Caller, 'grant' | 'server'>,
): (list: ToolList, tool: ToolEntry) => 'shown' | 'hidden' | 'changed' {
  const pinned = gateway.snapshot().servers.get(caller.server)?.tools;
  const set = documentsFor(gateway, caller);
  return (list, tool) => {
    const pin = pinned?.get(tool.name);
    if (pin === undefined || !isPinned(gateway, pin, list, tool)) return 'changed';
    return isVisible(set, pin) ? 'shown' : 'hidden';
  };
}

/** The documents that say what one grant may see of one server. */
export function documentsFor(
  gateway: Gateway,
  { grant, server }: Pick<Caller, 'grant' | 'server'>,
): PolicySet {
  const { policies, guardrails } = gateway.snapshot();
  const name = Object.hasOwn(grant.policies, server) ? grant.policies[server] : undefined;
  const policy = name === undefined ? null : (policies.get(name)?.compiled ?? null);
  // `observe` relaxes the policy alone: what guardrails hide stays hidden.
  const relaxed = grant.mode === 'observe' && policy !== null;
  return { policy: relaxed ? permissive : policy, guardrails };
}

/**
 * A server's `tools/list` answer as one grant may see it: in the server's order, the rest of the
 * bytes as they came, and marked private. A list that cannot be read is an error, never passed on.
 */
export async function filterAnswer(
  gateway: Gateway,
  caller: Pick<Caller, 'grant' | 'server'>,
  answer: Answer,
  era: Era,
): Promise<Result<Uint8Array, string>> {
  const list = await readAnsweredTools(answer);
  if (!list.ok) return list;
  if (list.value.tools.length > toolsMax) return err(`more than ${toolsMax} tools`);
  await comparePins(gateway, caller.server, list.value);

  const visible = visibilityFor(gateway, caller);
  let changed = false;
  const edited = editToolList(list.value, {
    cacheTtlMsMax: era === 'modern' ? gateway.limits.listTtlMs : null,
    choose: (tool) => {
      const answered = visible(list.value, tool);
      changed ||= answered === 'changed';
      return answered === 'shown' && isUnambiguous(list.value, tool);
    },
  });
  if (changed) gateway.toolsChanged(caller.server);
  return ok(edited);
}
