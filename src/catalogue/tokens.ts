import type { JsonObject } from '../base/strict-json.ts';

/** What a client puts in front of the model for each tool; the rest stays with the client. */
const shown: readonly string[] = ['name', 'description', 'inputSchema'];

/**
 * The tokens that a definition costs a model on every request, estimated: four ASCII characters of
 * its compact JSON are one token, every other character is one by itself. Tokenizers differ; the
 * figure is for comparing servers and for budgets, not for invoices.
 */
export function tokensOf(definition: JsonObject): number {
  const sent = Object.fromEntries(
    Object.entries(definition).filter(([member]) => shown.includes(member)),
  );
  return estimateTokens(JSON.stringify(sent));
}

/** The same estimate for any text. */
export function estimateTokens(text: string): number {
  let ascii = 0;
  let other = 0;
  for (const character of text) {
    if (character < '\u0080') ascii += 1;
    else other += 1;
  }
  return Math.ceil(ascii / 4) + other;
}
