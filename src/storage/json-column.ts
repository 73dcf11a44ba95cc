import { readJson } from '../base/json-value.ts';

/** The list of strings of a JSON column. What is no such list is empty: it grants nothing. */
export function stringListOf(text: string): readonly string[] {
  const value = parsed(text);
  if (!Array.isArray(value)) return [];
  return value.every((one) => typeof one === 'string') ? value : [];
}

/** The strings of a JSON column by their keys, as own members. What is no such object is empty. */
export function stringRecordOf(text: string): Readonly<Record<string, string>> {
  const value = parsed(text);
  // An object without a prototype has own members only.
  const record = Object.create(null) as Record<string, string>;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return record;
  for (const [key, one] of Object.entries(value)) {
    if (typeof one === 'string') record[key] = one;
  }
  return record;
}

function parsed(text: string): unknown {
  try {
    return readJson(text);
  } catch {
    return null;
  }
}
