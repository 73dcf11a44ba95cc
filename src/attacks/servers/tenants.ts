import type { JsonObject } from '../../base/strict-json.ts';
import { numberOf, textOf } from '../json.ts';
import { failed, said, tool, type Caller, type Fixture, type FixtureParts } from './fixture.ts';

/**
 * S9: a service for many tenants that tells them apart by session alone, and takes its time. Its
 * search keeps one cache for all of them, which is its own mistake.
 */
export function tenants({ note }: FixtureParts): Promise<Fixture> {
  const notes = new Map<string, string>();
  const cache: string[] = [];
  let turn = 0;
  const run = async (
    name: string,
    args: JsonObject,
    caller: Caller,
  ): Promise<JsonObject | null> => {
    const session = caller.session ?? '';
    switch (name) {
      case 'remember':
        notes.set(session, textOf(args, 'text'));
        cache.push(textOf(args, 'text'));
        note('remembered', { session, text: textOf(args, 'text') });
        return said('remembered');
      case 'recall':
        return said(notes.get(session) ?? 'nothing is remembered');
      case 'search_all':
        return said(cache.join('\n') || 'nothing is remembered');
      case 'whoami': {
        turn += 1;
        // Later questions are answered earlier now and then: order tells nobody apart.
        const waitMs = (numberOf(args, 'ms') || 20) - (turn % 5) * 4;
        await new Promise((done) => setTimeout(done, Math.max(waitMs, 1)));
        note('answered', { name: textOf(args, 'name') });
        return said(textOf(args, 'name'));
      }
      default:
        return name === 'fail' ? failed('it failed') : null;
    }
  };
  return Promise.resolve({
    tools: () => [
      tool('remember', 'Keeps a note of this tenant.', ['text']),
      tool('recall', 'The note of this tenant.'),
      tool('search_all', 'Searches what this tenant keeps.'),
      tool('whoami', 'Answers with the name that it was given.', ['name', 'ms#?']),
    ],
    call: run,
  });
}
