import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compilePolicy } from './compile.ts';
import type { PolicyDocument } from './document.ts';
import { limitsOf } from './limits-of.ts';
import type { Category, PinnedTool } from './request.ts';

function tool(name: string, category: Category): [string, PinnedTool] {
  const rest = { state: 'pinned', risk: 'Low', inputSchema: null, digest: '' } as const;
  return [name, { name, category, ...rest }];
}

const tools = new Map([tool('send', 'Write'), tool('put', 'Write'), tool('see', 'Read')]);
const each = (counter: string, max = 5) =>
  ({ counter, window: 'minute', max, scope: 'grant' }) as const;

const cases: readonly (readonly [string, Partial<PolicyDocument>, readonly string[]])[] = [
  ['none', { tools: { send: {} } }, []],
  ['of a tool', { tools: { send: { limits: [each('a')] } } }, ['/tools/send/limits/a 5 send']],
  [
    'one counter of two tools, and of a third with another max',
    {
      tools: {
        send: { limits: [each('a')] },
        put: { limits: [each('a')] },
        see: { limits: [each('a', 9)] },
      },
    },
    ['/tools/send/limits/a 5 send,put', '/tools/see/limits/a 9 see'],
  ],
  [
    'of all tools: once, and under a deny of the rest too',
    { all_tools: { limits: [each('all')] }, tools: { send: {}, put: {} } },
    ['/all_tools/limits/all 5 '],
  ],
  [
    'of the rest',
    { default: 'allow', all_tools: { limits: [each('all')] } },
    ['/all_tools/limits/all 5 '],
  ],
  [
    'of a category',
    { categories: { Write: { limits: [each('w')] } } },
    ['/categories/Write/limits/w 5 '],
  ],
  [
    'the short form, of a tool and of a category',
    {
      tools: { send: { rate_limit: { max: 3, window: 9 } } },
      categories: { Write: { rate_limit: { max: 4, window: 9 } } },
    },
    ['/tools/send/limits/send_rate 3 send', '/categories/Write/limits/put_rate 4 put'],
  ],
  [
    'what is denied counts nothing',
    { tools: { send: { action: 'deny', limits: [each('a')] } } },
    [],
  ],
];

for (const [name, document, expected] of cases) {
  test(`limits of a document: ${name}`, () => {
    const compiled = compilePolicy({ version: '1', default: 'deny', ...document });
    assert.ok(compiled.ok, JSON.stringify(compiled));
    const found = limitsOf(compiled.value, tools);
    assert.deepEqual(
      found.map(({ limit, tools: own }) => `${limit.rule} ${limit.max} ${own.join()}`),
      expected,
    );
  });
}
