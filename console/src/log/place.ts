/** Lines of a document, counted from 0. */
export interface LinePlace {
  readonly first: number;
  readonly last: number;
}

/**
 * Where the rule that an id names stands in a document's text: as much of its pointer as is there.
 * The last part of an id may be a predicate's own name, which is no key.
 */
export function placeOf(document: string, rule: string): LinePlace | null {
  const keys = rule.startsWith('/')
    ? rule
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : rule === '(hidden)'
      ? ['hide']
      : rule === '(default deny)'
        ? ['default']
        : [];
  let from = 0;
  let found: LinePlace | null = null;
  for (const key of keys) {
    const at = document.indexOf(`${JSON.stringify(key)}:`, from);
    const spaced = at >= 0 ? at : document.indexOf(`${JSON.stringify(key)} :`, from);
    if (spaced < 0) break;
    from = spaced + 1;
    found = { first: lineAt(document, spaced), last: lineAt(document, endOf(document, spaced)) };
  }
  return found;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length - 1;
}

/** The end of the value behind a key: where its brackets close, or its line ends. */
function endOf(text: string, at: number): number {
  let depth = 0;
  let quoted = false;
  for (let index = text.indexOf(':', at) + 1; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (quoted) {
      if (char === '\\') index += 1;
      else if (char === '"') quoted = false;
      continue;
    }
    if (char === '"') quoted = true;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth <= 0) return depth < 0 ? index - 1 : index;
    } else if ((char === ',' || char === '\n') && depth === 0) return index - 1;
  }
  return text.length - 1;
}
