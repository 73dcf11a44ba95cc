// The engine as a browser has it: one bundle, no Node, and the same answers to every case.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { decide } from '../../src/policy/index.ts';
import { compileAll, readCaseFiles, requestOf } from './spec-cases.ts';

/** What the engine may use beside the language itself: present in every browser. */
const globals = { TextDecoder, TextEncoder, URL };

let text = '';

before(async () => {
  const built = await build({
    entryPoints: ['src/policy/index.ts'],
    bundle: true,
    write: false,
    minify: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'engine',
    absWorkingDir: new URL('../../', import.meta.url).pathname,
  });
  assert.deepEqual(built.warnings, []);
  const [bundle] = built.outputFiles;
  assert.ok(bundle !== undefined);
  text = bundle.text;
});

test('the engine decides every case in a browser as it does here', (t) => {
  const zipped = Math.round(gzipSync(text).length / 1000);
  t.diagnostic(`the bundle is ${Math.round(text.length / 1000)} kB, ${zipped} kB gzipped`);
  const context = createContext({ ...globals });
  runInContext(text, context);
  runInContext(decideText, context);
  let compared = 0;
  for (const [name, file] of readCaseFiles()) {
    const set = compileAll(file);
    const requests = file.cases.map(({ call }) => requestOf(call));
    const here = requests.map((request) => JSON.stringify(decide(set, request)));
    // NaN stands for numbers that a double does not carry, and JSON has none.
    const question = JSON.stringify({ file, requests }, (_key, value: unknown) =>
      typeof value === 'number' && Number.isNaN(value) ? notANumber : value,
    );
    context['question'] = question;
    const there: unknown = runInContext('answer(question)', context);
    assert.deepEqual(JSON.parse(String(there)), here, name);
    compared += here.length;
  }
  assert.ok(compared >= 900, `${compared} cases`);
});

test('where a page forbids to make code from text, a schema is an error and all else works', () => {
  const context = createContext(
    { ...globals },
    { codeGeneration: { strings: false, wasm: false } },
  );
  runInContext(text, context);
  const compile = (rule: string): unknown =>
    runInContext(
      `JSON.stringify(engine.compilePolicy({ version: '1', default: 'deny', tools: { t: ${rule} } }))`,
      context,
    );
  assert.match(String(compile('{ arguments: { type: "object" } }')), /"ok":false.*unsafe-eval/);
  assert.match(
    String(compile('{ require: [{ path: "args.a", op: "regex", value: "^a" }] }')),
    /^{"ok":true/,
  );
});

const notANumber = 'not a number, as the scan reads it';

/** Runs inside the bare context: only text goes in and comes out. */
const decideText = `
function answer(question) {
  const { file, requests } = JSON.parse(question, (key, value) =>
    value === ${JSON.stringify(notANumber)} ? NaN : value);
  const compile = (document) => {
    const parsed = engine.parsePolicy(JSON.stringify(document));
    const compiled = engine.compilePolicy(parsed.value);
    return compiled.value;
  };
  const guardrails = Object.entries(file.guardrails ?? {}).map(([name, document]) => {
    return { name, policy: compile(document) };
  });
  const set = { policy: file.document === null ? null : compile(file.document), guardrails };
  return JSON.stringify(requests.map((request) => JSON.stringify(engine.decide(set, request))));
}`;
