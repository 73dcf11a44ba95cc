import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileSchema, type ConfigFile } from '../src/config/file-schema.ts';
import { compilePolicy, parsePolicy } from '../src/policy/index.ts';

const paths = globSync('examples/*/portcullis.json').sort();

function load(path: string): ConfigFile {
  const parsed = fileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  assert.ok(parsed.success, `${path}: ${String(parsed.error)}`);
  return parsed.data;
}

test('there are examples', () => {
  assert.deepEqual(paths, [
    'examples/ci-agent/portcullis.json',
    'examples/laptop/portcullis.json',
    'examples/team/portcullis.json',
  ]);
});

for (const path of paths) {
  test(`${path} is a configuration whose references lead somewhere`, () => {
    const config = load(path);
    const policies = Object.keys(config.policies ?? {});
    for (const [label, grant] of Object.entries(config.grants ?? {})) {
      for (const server of grant.servers) assert.ok(Object.hasOwn(config.servers, server), label);
      const named = typeof grant.policy === 'string' ? [grant.policy] : Object.values(grant.policy);
      for (const name of named) assert.ok(policies.includes(name), `${label}: ${name}`);
    }
    for (const [name, server] of Object.entries(config.servers)) {
      const folder = 'cwd' in server ? (server.cwd ?? '.') : '.';
      assert.ok(existsSync(join(dirname(path), folder)), `${name}: ${folder}`);
    }
  });

  test(`every policy of ${path} compiles`, () => {
    const config = load(path);
    const entries = { ...config.policies, ...config.guardrails };
    assert.ok(Object.keys(entries).length > 0);
    for (const [name, entry] of Object.entries(entries)) {
      assert.ok(typeof entry === 'string', name);
      const document = parsePolicy(readFileSync(join(dirname(path), entry), 'utf8'));
      assert.ok(document.ok, `${name}: ${JSON.stringify(document)}`);
      assert.ok(compilePolicy(document.value).ok, name);
    }
  });
}
