import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkArchitecture, type Architecture } from '../scripts/architecture.ts';
import { blank } from '../scripts/source-text.ts';

const rules: Architecture = {
  modules: {
    base: { path: 'src/base', imports: [], pure: true, packages: ['re2js'] },
    gateway: { path: 'src/gateway', imports: ['base'] },
    storage: { path: 'src/storage', imports: ['base'] },
    main: { path: ['src/main.ts', 'src/main'], imports: ['*'] },
    pages: { path: 'console/src/pages', imports: ['base'], pure: true, packages: ['react'] },
    console: { path: 'console/src', imports: ['pages'], pure: true, packages: ['react'] },
  },
  soleImporters: { 'src/storage': ['src/main.ts', 'src/main/'], 'console/src': ['console/src/'] },
  soleImporterExceptions: { 'src/storage/port.ts': 'types only' },
  bannedText: { 'Date.now(': ['src/main.ts'], ': any': [], ' try {': ['src/storage/'] },
  linesMax: 5,
};

/** path, text, what the one violation says (null: none). */
const files: readonly (readonly [string, string, string | null])[] = [
  ['src/base/a.ts', "import { b } from './b.ts';", null],
  ['src/base/a.ts', "import { RE2JS } from 're2js';", null],
  ['src/base/a.ts', "import { x } from 're2js/lib';", null],
  ['src/base/a.ts', "import { x } from '@scope/other/deep';", 'package `@scope/other`'],
  ['src/base/a.ts', "import { readFileSync } from 'node:fs';", 'is pure'],
  ['src/base/a.ts', "import type { Call } from '../gateway/call.ts';", 'may not import `gateway`'],
  ['src/base/a.ts', "const lazy = await import('../gateway/call.ts');", 'may not import `gateway`'],
  ['src/base/a.ts', "export { call } from '../gateway/call.ts';", 'may not import `gateway`'],
  ['src/base/a.ts', "import '../gateway/call.ts';", 'may not import `gateway`'],
  ['src/base/a.ts', "import { x } from '../../test/fixture.ts';", 'outside the program'],
  ['src/base/a.ts', "move(x, 'from', 0, 'to'); const y = ['import', 'z'];", null],
  ['src/base/a.ts', "// import { x } from '../gateway/call.ts';", null],
  [
    'src/base/a.test.ts',
    "import { x } from '../gateway/call.ts'; const y: any = Date.now();",
    null,
  ],
  ['src/gateway/a.ts', "import { readFileSync } from 'node:fs';", null],
  ['src/gateway/a.ts', "import { scan } from '../base/scan.ts';", null],
  ['src/gateway/a.ts', "import { x } from '../storage/port.ts';", 'may not import `storage`'],
  ['src/main.ts', "import { open } from './storage/open.ts';", null],
  ['src/main/a.ts', "import { open } from '../storage/open.ts';", null],
  ['console/src/pages/a.tsx', "import { scan } from '../../../src/base/scan.ts';", null],
  ['console/src/pages/a.tsx', "import { call } from '../../../src/gateway/call.ts';", '`gateway`'],
  ['console/src/pages/a.tsx', "import { frame } from '../frame.tsx';", 'may not import `console`'],
  ['console/src/pages/a.tsx', "import { readFile } from 'node:fs';", 'is pure'],
  ['console/src/pages/a.tsx', "import { x } from 'left-pad';", 'package `left-pad`'],
  ['console/src/pages/a.tsx', "<p>it's</p>;\nconst x: any = 1;", '`: any`'],
  ['console/src/main.tsx', "import { a } from './pages/a.tsx'; import './style.css';", null],
  ['src/main.ts', "import { a } from '../console/src/pages/a.tsx';", 'only console/src/'],
  ['src/other/a.ts', 'export const x = 1;', 'belongs to no module'],
  ['src/gateway/a.ts', 'const now = Date.now();', '`Date.now(`'],
  ['src/gateway/a.ts', 'const now = MyDate.now();', null],
  ['src/gateway/a.ts', '/* Date.now() */ const text = "Date.now()";', null],
  ['src/gateway/a.ts', 'const text = `${Date.now()}`;', '`Date.now(`'],
  ['src/gateway/a.ts', 'const x: any = 1;', '`: any`'],
  ['src/gateway/a.ts', 'const x: anyOf = 1;', null],
  ['src/gateway/a.ts', '{ try { work(); } finally {} }', '`try {`'],
  ['src/storage/a.ts', '{ try { work(); } finally {} }', null],
  ['src/main.ts', 'const now = Date.now();', null],
  ['src/gateway/a.ts', '1;\n2;\n3;\n4;\n5;\n', null],
  ['src/gateway/a.ts', '1;\n2;\n3;\n4;\n5;\n6;\n', '6 lines'],
];

test('one file breaks one rule', () => {
  for (const [path, text, wanted] of files) {
    const messages = checkArchitecture(rules, [{ path, text }]).map((one) => one.message);
    const label = `${path}: ${text}`;
    if (wanted === null) assert.deepEqual(messages, [], label);
    else
      assert.ok(
        messages.length === 1 && messages[0]?.includes(wanted),
        `${label}: ${messages.join()}`,
      );
  }
});

test('a sole importer keeps others out, though they may import everything', () => {
  const open = {
    ...rules,
    modules: { ...rules.modules, cli: { path: 'src/cli', imports: ['*'] } },
  };
  const bad = { path: 'src/cli/a.ts', text: "import { o } from '../storage/open.ts';" };
  const good = { path: 'src/cli/a.ts', text: "import type { P } from '../storage/port.ts';" };
  assert.match(
    checkArchitecture(open, [bad])[0]?.message ?? '',
    /only src\/main\.ts, src\/main\/ may import/,
  );
  assert.deepEqual(checkArchitecture(open, [good]), []);
});

test('a cycle is reported once, with its way round', () => {
  const cycle = [
    { path: 'src/base/a.ts', text: "import './b.ts';" },
    { path: 'src/base/b.ts', text: "import './c.ts';" },
    { path: 'src/base/c.ts', text: "import './a.ts'; import './d.ts';" },
    { path: 'src/base/d.ts', text: '' },
  ];
  const messages = checkArchitecture(rules, cycle).map((one) => one.message);
  assert.deepEqual(messages, [
    'import cycle: src/base/a.ts -> src/base/b.ts -> src/base/c.ts -> src/base/a.ts',
  ]);
  assert.deepEqual(checkArchitecture(rules, cycle.slice(0, 2)), []);
});

/** source, without comments, without comments and strings. */
const sources: readonly (readonly [string, string, string])[] = [
  ['a // b', 'a     ', 'a     '],
  ['a /* b\nc */ d', 'a     \n     d', 'a     \n     d'],
  ["x('//a')", "x('//a')", "x('   ')"],
  ['"a\\"b" // c', '"a\\"b"     ', '"    "     '],
  ["it's\nb // c", "it's\nb     ", "it' \nb     "],
  ['`a${b /* c */}d`', '`a${b        }d`', '` ${b        } `'],
  ['`a${`b${c}`}d` // e', '`a${`b${c}`}d`     ', '` ${` ${c}`} `     '],
  ['x = /"\\/[/"]/; y // z', 'x = /"\\/[/"]/; y     ', 'x =          ; y     '],
  ['a / b; // c / d', 'a / b;         ', 'a / b;         '],
  ["return /a'b/.test(c)", "return /a'b/.test(c)", 'return      .test(c)'],
];

test('blanking keeps the place of everything it leaves', () => {
  for (const [source, withoutComments, codeOnly] of sources) {
    assert.equal(blank(source, 'comments'), withoutComments, source);
    assert.equal(blank(source, 'comments-and-strings'), codeOnly, source);
  }
});
