/** One place where two values of JSON differ. */
export interface JsonChange {
  /** JSON Pointer (RFC 6901). */
  readonly at: string;
  /** Undefined where there is nothing. */
  readonly before: unknown;
  readonly after: unknown;
}

const shownMax = 120;
const changesMax = 200;

/** Every place where two values of JSON differ, as deep as both are objects; lists are compared whole. */
export function jsonDifference(before: unknown, after: unknown): readonly JsonChange[] {
  const found: JsonChange[] = [];
  compare('', before, after, found);
  return found;
}

/**
 * The changes as one text: `+` for what is new, `-` for what is gone, `~` for what is another now.
 * `values` false names places alone, for what may hold secrets. At most `charactersMax` long.
 */
export function differenceText(
  changes: readonly JsonChange[],
  { values, charactersMax }: { readonly values: boolean; readonly charactersMax: number },
): string {
  const parts: string[] = [];
  let length = 0;
  for (const [index, change] of changes.entries()) {
    const part = changeText(change, values);
    length += part.length + 2;
    if (length > charactersMax) {
      parts.push(`and ${changes.length - index} more`);
      break;
    }
    parts.push(part);
  }
  return parts.join('; ');
}

function changeText({ at, before, after }: JsonChange, values: boolean): string {
  const place = at === '' ? '/' : at;
  if (before === undefined) return values ? `+ ${place} ${shown(after)}` : `+ ${place}`;
  if (after === undefined) return `- ${place}`;
  return values ? `~ ${place} ${shown(before)} -> ${shown(after)}` : `~ ${place}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`;
}

function compare(at: string, before: unknown, after: unknown, found: JsonChange[]): void {
  if (found.length >= changesMax || JSON.stringify(before) === JSON.stringify(after)) return;
  if (!isObject(before) || !isObject(after)) {
    found.push({ at, before, after });
    return;
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const below = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    compare(below, own(before, key), own(after, key), found);
  }
}

/** `constructor` is a name like any other. */
function own(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
