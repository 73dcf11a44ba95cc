/** Headers that are the gateway's own to write, or the transport's. */
export const ownHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'last-event-id',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Why a header may not be sent to a server, in words; null when it may. */
export function headerProblem(name: string, value: string): string | null {
  const lower = name.toLowerCase();
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return `\`${name}\` is no header name`;
  if (ownHeaders.has(lower) || lower.startsWith('mcp-')) {
    return `the gateway writes the header \`${lower}\` itself: leave it out`;
  }
  // Field values of RFC 9110 §5.5: no CR, LF or NUL, which would end the line.
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return null;
  return `the value of \`${lower}\` holds a line break, NUL or a character beyond Latin-1`;
}
