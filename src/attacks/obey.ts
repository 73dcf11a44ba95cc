import { valueEndAt, type JsonObject, type JsonValue } from '../base/strict-json.ts';
import { isList, isObject, jsonOf } from './json.ts';

/** An instruction that stood in a text. */
export interface Instruction {
  readonly server: string;
  readonly tool: string;
  readonly arguments: JsonObject;
}

const pattern = /(?<server>[a-z0-9-]+)\.(?<tool>[A-Za-z0-9_]+) with (?=\{)/g;

/** The instructions of the form `server.tool with {arguments}` in a text, in its order. */
export function instructionsIn(text: string): readonly Instruction[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const start = match.index + match[0].length;
    const args = jsonOf(text.slice(start, valueEndAt(text, start)));
    if (!isObject(args)) return [];
    const { server = '', tool = '' } = match.groups ?? {};
    return [{ server, tool, arguments: args }];
  });
}

/** Every text of a value, names of members included: what a model reads of a tool's definition. */
export function textsIn(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  if (isList(value)) return value.flatMap((one) => textsIn(one));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, one]) => [name, ...textsIn(one)]);
}

/** A value with the placeholders in its texts filled in. */
export function filledIn(value: JsonValue, fill: (text: string) => string): JsonValue {
  if (typeof value === 'string') return fill(value);
  if (isList(value)) return value.map((one) => filledIn(one, fill));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, filledIn(one, fill)]);
  return Object.fromEntries(entries) as JsonObject;
}
