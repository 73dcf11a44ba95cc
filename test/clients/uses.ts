import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';

import { startStand, type Stand } from './stand.ts';
import { suiteScope } from '../support/scope.ts';

/** One client of one kind, connected to one server; each kind hides its own interface behind it. */
export interface TestClient {
  /** What was negotiated. */
  readonly version: string;
  /** Names of all tools, over all pages. */
  tools(): Promise<readonly string[]>;
  /** The result as JSON text; `progress` hears the numbers that come before it. */
  call(name: string, args: object, progress?: (value: number) => void): Promise<string>;
  /** The text of a resource. */
  read(uri: string): Promise<string>;
  close(): Promise<void>;
}

/** Connects a client that declares sampling, elicitation and roots and answers as `answers` says. */
export type Connect = (url: URL, headers: Readonly<Record<string, string>>) => Promise<TestClient>;

/** What each kind of client answers when a server asks. */
export const answers = {
  sampled: { role: 'assistant', content: { type: 'text', text: 'sampled words' }, model: 'none' },
  elicited: { action: 'accept', content: { name: 'Ada', username: 'ada', email: 'a@b.example' } },
  roots: { roots: [{ uri: 'file:///of-the-client', name: 'mine' }] },
} as const;

interface Use {
  readonly server: string;
  /** Fewest tools that the server lists. */
  readonly least: number;
  readonly tool: string;
  readonly args: (stand: Stand) => object;
  readonly expected: RegExp;
}

const uses: readonly Use[] = [
  use('calculator', 9, 'list_calculators', {}, /loan_payment/),
  use('calculator', 9, 'calculate_cas', { expression: '6*7' }, /42/),
  use('callendar', 2, 'get_callendar_overview', {}, /callendar/i),
  use('qasperai', 10, 'get_refinement_options', { subCategory: 'plumber' }, /content/),
  use('orchard', 60, 'calendar.list_calendars', {}, /calendars/i),
  use(
    'fixture',
    28,
    'test_multiple_content_types',
    {},
    /Multiple content types.*image\/png.*mixed/,
  ),
  use('everything', 13, 'echo', { message: 'hé' }, /Echo: hé/),
  use('everything', 13, 'get-sum', { a: 2, b: 40 }, /42/),
  use('everything-http', 13, 'echo', { message: '✓' }, /Echo: ✓/),
  use('everything-sse', 13, 'echo', { message: '✓' }, /Echo: ✓/),
  use('memory', 9, 'read_graph', {}, /entities/),
  {
    ...use('files', 10, 'read_text_file', {}, /content of a/),
    args: ({ folder }) => ({ path: path.join(folder, 'a.txt') }),
  },
  { ...use('files', 10, 'read_text_file', { path: '/etc/hostname' }, /"isError":true/) },
];

function use(server: string, least: number, tool: string, args: object, expected: RegExp): Use {
  return { server, least, tool, args: () => args, expected };
}

/** What a server asks the client while a call runs, and what the answer of the call then holds. */
const asked: readonly (readonly [server: string, tool: string, args: object, expected: RegExp])[] =
  [
    ['everything', 'trigger-sampling-request', { prompt: 'p', maxTokens: 9 }, /sampled words/],
    ['everything-http', 'trigger-sampling-request', { prompt: 'p', maxTokens: 9 }, /sampled words/],
    ['everything-sse', 'trigger-sampling-request', { prompt: 'p', maxTokens: 9 }, /sampled words/],
    ['everything', 'trigger-elicitation-request', {}, /Ada/],
    ['everything-http', 'trigger-elicitation-request', {}, /Ada/],
    ['everything', 'get-roots-list', {}, /of-the-client/],
    ['everything-http', 'get-roots-list', {}, /of-the-client/],
    ['fixture', 'test_input_required_result_sampling', {}, /sampled words/],
    ['fixture', 'test_input_required_result_elicitation', {}, /Hello, Ada/],
    ['fixture', 'test_input_required_result_list_roots', {}, /of-the-client/],
  ];

const progressing: readonly (readonly [
  server: string,
  tool: string,
  args: object,
  steps: readonly number[],
])[] = [
  ['everything', 'trigger-long-running-operation', { duration: 0.3, steps: 3 }, [1, 2, 3]],
  ['everything-http', 'trigger-long-running-operation', { duration: 0.3, steps: 3 }, [1, 2, 3]],
  ['everything-sse', 'trigger-long-running-operation', { duration: 0.3, steps: 3 }, [1, 2, 3]],
  ['fixture', 'test_tool_with_progress', {}, [0, 50, 100]],
];

/** Servers that speak 2026-07-28 as well. */
const modernServers = new Set(['calculator', 'callendar', 'qasperai', 'orchard', 'fixture']);

/** What a kind of client does not do well, whatever it is connected to. */
export interface ClientQuirks {
  /** It forgets a call's progress that comes in one piece with the answer. */
  readonly lastProgressMayBeLost?: boolean;
}

/** Every use by one kind of client, each on a connection of its own. */
export function describeClient(
  kind: string,
  versionOf: (isModernServer: boolean) => string,
  connect: Connect,
  { lastProgressMayBeLost = false }: ClientQuirks = {},
): void {
  describe(kind, { timeout: 280_000 }, () => {
    const suite = suiteScope();
    let stand: Stand;
    before(async () => {
      stand = await startStand(suite);
    });
    const withClient = async (
      server: string,
      body: (client: TestClient) => Promise<void>,
    ): Promise<void> => {
      const authorization = `Bearer ${stand.dataPath.token}`;
      const client = await connect(stand.urlOf(server), { authorization });
      try {
        assert.equal(client.version, versionOf(modernServers.has(server)));
        await body(client);
      } finally {
        await client.close();
      }
    };

    for (const { server, least, tool, args, expected } of uses) {
      test(`${server}: lists, and calls ${tool}`, () =>
        withClient(server, async (client) => {
          const tools = await client.tools();
          assert.ok(tools.length >= least, `${tools.length} tools`);
          assert.ok(tools.includes(tool));
          assert.match(await client.call(tool, args(stand)), expected);
        }));
    }
    for (const [server, tool, args, expected] of asked) {
      test(`${server}: ${tool} asks the client`, () =>
        withClient(server, async (client) => {
          assert.match(await client.call(tool, args), expected);
        }));
    }
    for (const [server, tool, args, steps] of progressing) {
      test(`${server}: ${tool} reports progress`, () =>
        withClient(server, async (client) => {
          const heard: number[] = [];
          await client.call(tool, args, (value) => heard.push(value));
          const least = lastProgressMayBeLost ? steps.length - 1 : steps.length;
          assert.deepEqual(heard, steps.slice(0, Math.max(heard.length, least)));
        }));
    }
    test('fixture: a resource is read', () =>
      withClient('fixture', async (client) => {
        assert.match(await client.read('test://static-text'), /static text resource/);
      }));
    test('memory: what one call wrote is there', () =>
      withClient('memory', async (client) => {
        const entities = [{ name: 'ada', entityType: 'person', observations: ['writes'] }];
        await client.call('create_entities', { entities });
        assert.match(await client.call('read_graph', {}), /writes/);
        assert.match(readFileSync(path.join(stand.folder, 'memory.json'), 'utf8'), /writes/);
      }));
    test('every call is on record, with its outcome', () => {
      const { records } = stand.dataPath;
      const intents = records.filter((record) => record.kind === 'intent').map(({ id }) => id);
      const outcomes = records.filter((record) => record.kind === 'outcome').map(({ id }) => id);
      assert.ok(intents.length >= uses.length + asked.length + progressing.length);
      assert.deepEqual([...outcomes].sort(), [...intents].sort());
    });
  });
}
