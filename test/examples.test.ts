import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileSchema, type ConfigFile } from '../src/config/file-schema.ts';
import { compilePolicy, parsePolicy } from '../src/policy/index.ts';
import { startGateway, temporaryFolder } from './support/gateway-process.ts';

const paths = globSync('examples/*/portcullis.json').sort();

function load(path: string): ConfigFile {
  const parsed = fileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  assert.ok(parsed.success, `${path}: ${String(parsed.error)}`);
  return parsed.data;
}

test('there are examples', () => {
  assert.deepEqual(paths, [
    'examples/ci-agent/portcullis.json',
    'examples/harness/portcullis.json',
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

for (const path of paths) {
  test(`a gateway starts on ${path} and ends when asked`, { timeout: 280_000 }, async (context) => {
    const gateway = await startGateway(context, {
      dataDir: await temporaryFolder(context),
      args: ['--config', path],
      env: {
        CI_AGENT_TOKEN: 'a-token-for-this-test-alone-0123456789',
        HARNESS_TOKEN: 'another-token-for-this-test-0123456789',
        HARNESS_SERVER: 'http://127.0.0.1:9/mcp',
      },
    });
    assert.deepEqual(await gateway.end('SIGINT'), { code: 0, signal: null }, gateway.stderr());
  });
}
