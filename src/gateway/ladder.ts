import { abilityOf, memberOf, type ClientAbility } from './client-ability.ts';
import type { ToolCall } from './question.ts';

/**
 * How a client learns that its call waits. A form that the client shows is never an approval: its
 * own user, or a program, would give it.
 */
export type Rung = 'input-required' | 'elicit' | 'hold';

/** The best way that the client's revision and its declared abilities allow. */
export function rungOf(call: ToolCall, ability: ClientAbility): Rung {
  if (!ability.urlElicitation) return 'hold';
  if (call.message.era === 'modern') return 'input-required';
  // Elicitation by URL came with this revision: to a client of an older one it means nothing.
  return call.caller.session?.protocolVersion === '2025-11-25' ? 'elicit' : 'hold';
}

/** What a modern request says of its client (2026-07-28: capabilities come with every request). */
export function modernAbility(call: ToolCall): ClientAbility {
  const meta = call.message.params?.['_meta'];
  return abilityOf(memberOf(meta, 'io.modelcontextprotocol/clientCapabilities'));
}
