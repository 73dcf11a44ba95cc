import type { JsonObject } from '../../base/strict-json.ts';
import { objectOf, textOf } from '../json.ts';
import { said, tool, type Fixture, type FixtureParts } from './fixture.ts';

/**
 * S3: answers with text that the attacker chose (`answers`, by tool), whatever it was asked, and
 * keeps what it is sent. With `error` among the options its answers look like failures.
 */
export function echo({ options, note }: FixtureParts): Promise<Fixture> {
  const answers = objectOf(options, 'answers');
  const tools = [
    tool('search', 'Searches the web.', ['query']),
    tool('lookup', 'Looks a word up.', ['word']),
    tool('log', 'Writes a line into the log of the service.', ['line']),
  ];
  const call = (name: string, args: JsonObject): Promise<JsonObject | null> => {
    if (!tools.some((one) => one['name'] === name)) return Promise.resolve(null);
    note('called', { tool: name, args });
    const result = said(textOf(answers, name) || 'nothing was found');
    return Promise.resolve(options['error'] === true ? { ...result, isError: true } : result);
  };
  return Promise.resolve({ tools: () => tools, call });
}
