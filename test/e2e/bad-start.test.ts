import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import {
  command,
  portcullis,
  startGateway,
  temporaryFolder,
  type Finished,
} from '../support/gateway-process.ts';

const scanned = fileURLToPath(new URL('../fixtures/scanned-server.mjs', import.meta.url));

/** One line that says what is wrong: no stack, nothing on stdout, exit code 2. */
function oneLine(ran: Finished, expected: RegExp): void {
  assert.equal(ran.code, 2, `${ran.code} ${ran.stderr}`);
  assert.equal(ran.stdout, '');
  assert.match(ran.stderr, expected);
  assert.doesNotMatch(ran.stderr, /\n\s+at |node:internal/);
  assert.equal(ran.stderr.split('\n').length, 2, ran.stderr);
}

const up = (dataDir: string, ...args: string[]): Promise<Finished> =>
  portcullis(['up', '--port', '0', '--data', dataDir, ...args]);

interface ConfigCase {
  readonly name: string;
  readonly config: string;
  readonly policy?: string;
  readonly expected: RegExp;
}

const token = `"token":{"sha256":"${'a'.repeat(64)}"}`;
const grantOf = (policy: string, server = 's'): string =>
  `{"g":{"principal":"agent:a","servers":["${server}"],"policy":"${policy}",${token}}}`;
const servers = '{"s":{"url":"http://127.0.0.1:9/mcp","allowPrivate":true}}';

const configs: readonly ConfigCase[] = [
  {
    name: 'a file that does not parse',
    config: '{\n  "servers": {},\n}',
    expected: /portcullis\.json:3:1: there is a comma before `}`/,
  },
  {
    name: 'an unknown key, with a suggestion',
    config: '{\n  "servers": {},\n  "polices": {}\n}',
    expected: /portcullis\.json:3:3: .*polices.*did you mean `policies`/,
  },
  {
    name: 'a policy that is not there',
    config: `{"servers":${servers},"policies":{"p":"./p.json"},"grants":${grantOf('q')}}`,
    policy: '{"version":"1","default":"deny"}',
    expected:
      /portcullis\.json:1:\d+: \/grants\/g\/policy: there is no policy `q`; did you mean `p`\?/,
  },
  {
    name: 'a server that is not there',
    config: `{"servers":${servers},"policies":{"p":"./p.json"},"grants":${grantOf('p', 'z')}}`,
    policy: '{"version":"1","default":"deny"}',
    expected: /portcullis\.json:1:\d+: \/grants\/g\/servers\/0: there is no server `z`/,
  },
  {
    name: 'a policy with an unknown field',
    config: `{"servers":${servers},"policies":{"p":"./p.json"}}`,
    policy: '{\n  "version": "1",\n  "default": "deny",\n  "tolls": {}\n}',
    expected: /p\.json:4:\d+: .*tolls.*did you mean `tools`/,
  },
  {
    name: 'a policy file that is not there',
    config: `{"servers":${servers},"policies":{"p":"./p.json"}}`,
    expected: /portcullis\.json:1:\d+: \/policies\/p: `\.\/p\.json`: there is no such file/,
  },
  {
    name: 'a variable that is not set',
    config:
      '{"servers":{"s":{"url":"https://example.com/mcp","headers":{"x-key":"${NO_SUCH_VARIABLE}"}}}}',
    expected: /portcullis\.json:1:\d+: \/servers\/s\/headers\/x-key: .*`NO_SUCH_VARIABLE`/,
  },
];

describe('a configuration that cannot be in force', () => {
  for (const { name, config, policy, expected } of configs) {
    test(name, async (context) => {
      const folder = await temporaryFolder(context);
      const path = join(folder, 'portcullis.json');
      await writeFile(path, config);
      if (policy !== undefined) await writeFile(join(folder, 'p.json'), policy);
      oneLine(await up(join(folder, 'data'), '--config', path), expected);
    });
  }

  test('several problems: a line for each', async (context) => {
    const folder = await temporaryFolder(context);
    const path = join(folder, 'portcullis.json');
    await writeFile(path, '{"servers":{},"audt":{},"lissten":{}}');
    const ran = await up(join(folder, 'data'), '--config', path);
    assert.equal(ran.code, 2);
    const lines = ran.stderr.trimEnd().split('\n');
    assert.equal(lines.length, 2, ran.stderr);
    for (const line of lines) assert.match(line, /portcullis\.json:1:\d+: /);
  });

  test('a configuration that is not there', async (context) => {
    const folder = await temporaryFolder(context);
    oneLine(
      await up(join(folder, 'data'), '--config', join(folder, 'none.json')),
      /none\.json:1:1: there is no such file/,
    );
  });
});

describe('a place that cannot be had', () => {
  test('the port is taken', async (context) => {
    const folder = await temporaryFolder(context);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    context.after(() => new Promise<void>((resolve) => other.close(() => resolve())));
    const { port } = other.address() as AddressInfo;
    const ran = await portcullis(['up', '--port', String(port), '--data', join(folder, 'data')]);
    oneLine(ran, new RegExp(`127\\.0\\.0\\.1:${port} is taken; .*--port`));
  });

  test('the port is taken, and the tools of a server are on their way to the catalogue', async (context) => {
    const folder = await temporaryFolder(context);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    context.after(() => new Promise<void>((resolve) => other.close(() => resolve())));
    const { port } = other.address() as AddressInfo;
    const config = join(folder, 'portcullis.json');
    const server = { command: process.execPath, args: [scanned] };
    await writeFile(config, JSON.stringify({ servers: { s: server } }));
    const ran = await portcullis(['up', '--config', config, '--port', String(port)]);
    oneLine(ran, new RegExp(`127\\.0\\.0\\.1:${port} is taken; .*--port`));
  });

  for (const port of ['x', '-1', '65536', '1.5']) {
    test(`--port ${port}`, async (context) => {
      const folder = await temporaryFolder(context);
      const ran = await portcullis(['up', `--port=${port}`, '--data', join(folder, 'data')]);
      oneLine(ran, /--port: `.*` is no port; write a number from 0 to 65535/);
    });
  }

  test('an address that is not of this machine', async (context) => {
    const folder = await temporaryFolder(context);
    oneLine(
      await up(join(folder, 'data'), '--host', '203.0.113.1'),
      /203\.0\.113\.1:0 cannot be opened/,
    );
  });

  for (const config of [false, true]) {
    const how = config ? 'a configuration' : 'the demo';
    const args = async (folder: string): Promise<string[]> => {
      if (!config) return [];
      await writeFile(join(folder, 'portcullis.json'), '{"servers":{}}');
      return ['--config', join(folder, 'portcullis.json')];
    };

    test(`${how}: the data folder is a file`, async (context) => {
      const folder = await temporaryFolder(context);
      const path = join(folder, 'data');
      await writeFile(path, '');
      oneLine(await up(path, ...(await args(folder))), /data/);
    });

    test(`${how}: the data folder is below a file`, async (context) => {
      const folder = await temporaryFolder(context);
      await writeFile(join(folder, 'file'), '');
      oneLine(await up(join(folder, 'file', 'data'), ...(await args(folder))), /file/);
    });

    test(`${how}: the data folder may not be written`, async (context) => {
      if (process.getuid?.() === 0) {
        // Root may write anywhere but where nobody may.
        oneLine(
          await up('/proc/none', ...(await args(await temporaryFolder(context)))),
          /\/proc\/none/,
        );
        return;
      }
      const folder = await temporaryFolder(context);
      const path = join(folder, 'data');
      await mkdir(path);
      await chmod(path, 0o500);
      oneLine(await up(path, ...(await args(folder))), /data/);
    });

    test(`${how}: another gateway writes there, and goes on undisturbed`, async (context) => {
      const folder = await temporaryFolder(context);
      const dataDir = join(folder, 'data');
      const more = await args(folder);
      const first = await startGateway(context, { dataDir, args: more });
      oneLine(
        await up(dataDir, ...more),
        /another gateway writes to .*data; stop it, or choose another folder with --data/,
      );
      const health = await fetch(`${first.url}/readyz`);
      assert.equal(health.status, 200);
      const listed = await portcullis(['grant', 'list', '--data', dataDir]);
      assert.equal(listed.code, 0, listed.stderr);
      if (config) return;
      // Longer than an edited file takes to be in force.
      await new Promise((resolve) => setTimeout(resolve, 600));
      const lines = first.stdout().split('\n');
      const start = lines.findIndex((line) => line.includes('curl '));
      const curl = lines.slice(start, lines.indexOf('', start)).join('\n');
      const onCalculator = curl
        .replaceAll('orchard', 'calculator')
        .replaceAll('calendar.search', 'list_calculators')
        .replace(/"arguments":\{[^}]*\}/, '"arguments":{}');
      const ran = await command('sh', ['-c', onCalculator]);
      assert.match(ran.stdout, /percentage/);
      assert.doesNotMatch(ran.stdout, /isError/);
    });
  }

  test('records that were changed', async (context) => {
    const folder = await temporaryFolder(context);
    const path = join(folder, 'portcullis.json');
    await writeFile(path, '{"servers":{}}');
    const dataDir = join(folder, 'data');
    const first = await startGateway(context, { dataDir, args: ['--config', path] });
    await first.end('SIGTERM');
    await writeFile(join(dataDir, 'audit', '0000000000000001.jsonl'), '{"seq":1}\n');
    oneLine(
      await up(dataDir, '--config', path),
      /the audit log in .* does not verify; see `portcullis audit verify/,
    );
  });
});

describe('command lines that say too little or too much', () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['upp'], /unknown command 'upp'/],
    [['up', '--prot', '1'], /unknown option '--prot'/],
    [['run', '--', 'true'], /required option '--policy <file>' not specified/],
    [['grant', 'create', 'x'], /required option '--principal <kind:name>' not specified/],
    [['grant', 'revoke'], /missing required argument 'name'/],
  ];
  for (const [args, expected] of cases) {
    test(args.join(' '), async () => {
      const ran = await portcullis(args);
      assert.equal(ran.code, 2);
      assert.match(ran.stderr, expected);
      assert.doesNotMatch(ran.stderr, /\n\s+at /);
    });
  }
  test('with --json, as an object on stdout', async () => {
    const ran = await portcullis(['grant', 'revoke', '--json']);
    assert.deepEqual([ran.code, ran.stderr], [2, '']);
    const { error } = JSON.parse(ran.stdout);
    assert.equal(error.code, 'usage');
    assert.match(error.message, /^missing required argument 'name'; see --help$/);
  });
});
