import type { JsonObject } from '../../base/strict-json.ts';
import { objectsOf, textOf } from '../json.ts';
import { said, type Fixture, type FixtureParts } from './fixture.ts';

/** S1: serves whatever definitions it is given, poison and look-alikes among them, and keeps what it is sent. */
export function poisoned({ options, note }: FixtureParts): Promise<Fixture> {
  const tools = objectsOf(options, 'tools');
  const call = (name: string, args: JsonObject): Promise<JsonObject | null> => {
    const tool = tools.find((one) => one['name'] === name);
    if (tool === undefined) return Promise.resolve(null);
    note('called', { tool: name, args });
    return Promise.resolve(said(textOf(options, 'answer') || `${name} is done`));
  };
  return Promise.resolve({ tools: () => tools, call });
}
