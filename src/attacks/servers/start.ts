// One fixture server as a program of its own, over stdio: `start <fixture> <sandbox> <options JSON>`.
// What it really did goes to `ledger.jsonl` in the sandbox.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import { isObject, jsonOf } from '../json.ts';
import { fixtures } from './all.ts';
import { serveStdio } from './stdio.ts';

const [name = '', sandbox = '', options = '{}'] = process.argv.slice(2);
const make = Object.hasOwn(fixtures, name) ? fixtures[name] : undefined;
const parsed = jsonOf(options);
if (make === undefined || sandbox === '' || !isObject(parsed)) {
  process.stderr.write(
    `start <fixture> <sandbox> <options JSON>, of: ${Object.keys(fixtures).join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  const ledger = join(sandbox, 'ledger.jsonl');
  const note = (did: string, facts: object = {}): void =>
    appendFileSync(ledger, `${JSON.stringify({ did, ...facts })}\n`);
  await serveStdio(await make({ options: parsed, note, sandbox }), process.stdin, process.stdout);
}
