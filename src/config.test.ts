import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { render } from '../scripts/golden/config-schema.ts';
import { explainConfigProblem, loadConfig, type Config } from './config.ts';
import { hashToken, newToken } from './identity/token.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'portcullis-config-'));
});
after(() => rm(root, { recursive: true }));

let folders = 0;
/** Writes files into a folder of their own and gives the path of the configuration. */
async function write(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  folders += 1;
  const folder = join(root, String(folders));
  await mkdir(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return join(folder, 'portcullis.json');
}

const token = newToken();
const environment = {
  TOKEN: token,
  SHORT: 'abc',
  SPACED: `${token} `,
  MISTYPED: `${token.slice(0, -1)}!`,
  CHANGED: token.slice(0, 10) + (token[10] === 'a' ? 'b' : 'a') + token.slice(11),
  HOME_PAGE: 'https://calendar.example.net/mcp',
  CREDENTIAL: 'Bearer s3cret-value',
  BROKEN: 's3cret-value\n',
  EMPTY: '',
};

async function load(text: string | object): Promise<Config> {
  const loaded = await loadConfig(
    await write({ 'portcullis.json': typeof text === 'string' ? text : JSON.stringify(text) }),
    environment,
  );
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.error.map(explainConfigProblem).join('\n'));
  return loaded.value;
}

/** Each problem as `pointer line:column message; hint`, without the folder. */
async function problems(
  text: string | Uint8Array,
  others: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const path = await write({ 'portcullis.json': text, ...others });
  const loaded = await loadConfig(path, environment);
  assert.ok(!loaded.ok, 'the file has a problem');
  const lines = loaded.error.map(explainConfigProblem);
  const told = lines.join('\n');
  for (const value of Object.values(environment)) {
    assert.equal(value.length > 8 && told.includes(value.trim()), false, `no secret in: ${told}`);
  }
  return lines.map((line) => line.replaceAll(join(path, '..') + '/', ''));
}

const document = { version: '1', default: 'deny' };

test('the smallest file', async () => {
  const config = await load('{ "servers": {} }');
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8420, hosts: [], origins: [] });
  const audit = { durability: 'process', keepMs: null, record: new Map(), sink: null };
  assert.deepEqual(config.audit, audit);
  assert.deepEqual(config.telemetry, { openTelemetry: false, metrics: 'operator' });
  assert.deepEqual(config.pins, { firstList: 'accept' });
  assert.deepEqual(config.limits, { json: {} });
  assert.equal(config.dataDir, join(config.files[0] ?? '', '..', 'data'));
  assert.equal(config.servers.size + config.policies.size + config.grants.length, 0);
});

test('every field', async () => {
  const config = await load({
    $schema: './config.schema.json',
    listen: {
      host: '0.0.0.0',
      port: 0,
      hosts: ['gate.example.com'],
      origins: ['https://a.example'],
    },
    data: '/var/lib/portcullis',
    audit: {
      durability: 'power',
      keepDays: 90,
      record: {
        calendar: {
          list: 'digests',
          send: { level: 'values', redact: ['/body', '/to/*/a~1b'] },
          '*': 'values',
        },
      },
      sink: { url: '${HOME_PAGE}', headers: { Authorization: '${CREDENTIAL}' } },
    },
    telemetry: { openTelemetry: true, metrics: 'anyone' },
    pins: { firstList: 'review' },
    limits: {
      bodyBytes: 2_048,
      depth: 8,
      values: 100,
      stringLength: 512,
      answerBytes: 4_096,
      answerSeconds: 5,
      streamsPerGrant: 7,
    },
    servers: {
      files: {
        command: 'npx',
        args: ['-y', '$${HOME_PAGE}'],
        env: { URL: '<${HOME_PAGE}>' },
        cwd: 'x',
      },
      calendar: {
        url: '${HOME_PAGE}',
        headers: { Authorization: '${CREDENTIAL}' },
        allowPrivate: true,
      },
      constructor: { url: 'http://localhost:9000/mcp' },
    },
    policies: { read: document, write: { version: '1', default: 'allow' } },
    guardrails: { z: document, a: document },
    grants: {
      ci: {
        principal: 'agent:ci',
        servers: ['files', 'constructor'],
        policy: 'read',
        mode: 'observe',
        methods: ['sampling'],
        expires: '2027-01-31',
        labelsLast: '90m',
        token: { env: 'TOKEN' },
      },
      two: {
        principal: 'person:anna',
        servers: ['files', 'calendar'],
        policy: { files: 'write' },
        expires: '2027-01-31T12:00:00+01:00',
        token: { sha256: 'A'.repeat(64) },
      },
      none: {
        principal: 'agent:x',
        servers: [],
        policy: 'read',
        token: { sha256: 'b'.repeat(64) },
      },
    },
  });
  assert.deepEqual(config.listen, {
    host: '0.0.0.0',
    port: 0,
    hosts: ['gate.example.com'],
    origins: ['https://a.example'],
  });
  assert.equal(config.dataDir, '/var/lib/portcullis');
  assert.deepEqual(config.audit, {
    durability: 'power',
    keepMs: 90 * 86_400_000,
    record: new Map([
      [
        'calendar',
        new Map<string, object>([
          ['list', { level: 'digests', redact: [] }],
          ['send', { level: 'values', redact: [['body'], ['to', '*', 'a/b']] }],
          ['*', { level: 'values', redact: [] }],
        ]),
      ],
    ]),
    sink: {
      kind: 'http',
      url: environment.HOME_PAGE,
      headers: { authorization: environment.CREDENTIAL },
    },
  });
  assert.deepEqual(config.telemetry, { openTelemetry: true, metrics: 'anyone' });
  assert.deepEqual(config.pins, { firstList: 'review' });
  assert.deepEqual(config.limits, {
    json: { bytesMax: 2_048, depthMax: 8, valuesMax: 100, stringMax: 512 },
    answerBytesMax: 4_096,
    answerTimeoutMs: 5_000,
    streamsPerGrantMax: 7,
  });
  const folder = join(config.files[0] ?? '', '..');
  assert.deepEqual(plain(config.servers.get('files')), {
    name: 'files',
    transport: 'stdio',
    command: 'npx',
    args: ['-y', '${HOME_PAGE}'],
    env: { URL: '<https://calendar.example.net/mcp>' },
    cwd: join(folder, 'x'),
  });
  assert.deepEqual(plain(config.servers.get('calendar')), {
    name: 'calendar',
    transport: 'http',
    url: 'https://calendar.example.net/mcp',
    headers: { authorization: 'Bearer s3cret-value' },
    allowPrivate: true,
  });
  assert.equal(config.servers.get('constructor')?.name, 'constructor');
  assert.deepEqual([...config.policies.keys()], ['read', 'write']);
  assert.equal(config.policies.get('read')?.document, JSON.stringify(document));
  assert.deepEqual(
    config.guardrails.map((one) => one.name),
    ['a', 'z'],
  );
  const [ci, two, none] = config.grants;
  assert.deepEqual(plain(ci), {
    id: 'file:ci',
    label: 'ci',
    principal: { id: 'agent:ci', kind: 'agent' },
    servers: ['files', 'constructor'],
    policies: { files: 'read', constructor: 'read' },
    mode: 'observe',
    methods: ['sampling'],
    expiresMs: Date.UTC(2027, 0, 31),
    labelsMs: 5_400_000,
    tokenSha256: hashToken(token),
    createdMs: ci?.createdMs,
    revokedMs: null,
    source: 'file',
  });
  assert.deepEqual(plain(two?.policies), { files: 'write' });
  assert.equal(two?.expiresMs, Date.UTC(2027, 0, 31, 11));
  assert.equal(two?.tokenSha256, 'a'.repeat(64));
  assert.deepEqual([none?.servers, plain(none?.policies), none?.mode], [[], {}, 'enforce']);
  assert.equal(two?.policies['constructor'], undefined);
});

/** Without prototypes that are not there, so that literals compare. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('the configuration cannot be changed', async () => {
  const config = await load({ servers: { a: { command: 'x', args: ['y'] } } });
  const server = config.servers.get('a');
  assert.ok(server?.transport === 'stdio');
  // The types forbid these: here they are tried all the same.
  assert.throws(() => (config.files as string[]).push('x'), TypeError);
  assert.throws(() => Object.assign(config.listen, { port: 1 }), TypeError);
});

// JSON that is not strict JSON: nothing is guessed.
const broken: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['nothing', '', '1:1: the file is empty; write `{ "servers": {} }` to begin with'],
  [
    'a comment',
    '{\n  // servers\n  "servers": {}\n}',
    '2:3: JSON has no comments; leave it out, or say it in a `description`',
  ],
  [
    'a last comma',
    '{\n  "servers": {},\n}',
    '3:1: there is a comma before `}`; leave the last comma out',
  ],
  ['single quotes', `{ 'servers': {} }`, '1:3: strings stand between double quotes'],
  [
    'half a file',
    '{ "servers": { "a"',
    '1:19: the file ends too early; close every brace and bracket',
  ],
  [
    'a missing comma',
    '{\n "data": "x"\n "servers": {} }',
    '3:2: this is not JSON; look for a missing comma, quote or bracket just before',
  ],
  [
    'a duplicate key',
    '{ "servers": {},\n  "servers": {} }',
    '2:3: this key is here twice; keep one of the two',
  ],
  [
    'an escaped duplicate',
    '{ "servers": {},\n  "s\\u0065rvers": {} }',
    '2:3: this key is here twice; keep one of the two',
  ],
  [
    '__proto__',
    '{ "servers": {}, "__proto__": {} }',
    '1:18: `__proto__` is no name here; choose another',
  ],
  [
    'a byte order mark',
    '\uFEFF{ "servers": {} }',
    '1:1: the file starts with a byte order mark; save it as UTF-8 without one',
  ],
  [
    'bad UTF-8',
    Buffer.concat([Buffer.from('{\n"data": "é'), Buffer.from([0xff]), Buffer.from('"}')]),
    '2:11: this is not UTF-8; save the file as UTF-8',
  ],
];
for (const [name, text, problem] of broken) {
  test(`refused: ${name}`, async () => {
    assert.deepEqual(await problems(text), [`portcullis.json:${problem}`]);
  });
}

// One problem each: the place, what was expected, what to do.
const shapes: readonly (readonly [string, string, string])[] = [
  ['a list', '[]', '1:1: expected an object, found a list'],
  ['no servers', '{}', '1:1: /servers: `servers` is missing; add it as an object'],
  [
    'a misspelt section',
    '{ "servers": {},\n  "polices": {} }',
    '2:3: /polices: unknown field `polices`; did you mean `policies`?',
  ],
  [
    'a section of another program',
    '{ "servers": {}, "mcp": {} }',
    '1:18: /mcp: unknown field `mcp`; known here: `$schema`, `listen`, `data`, `audit`, `telemetry`, `console`, `approvals`, `pins`, `limits`, `servers`, `policies`, `guardrails`, `grants`',
  ],
  [
    'a port too high',
    '{ "servers": {}, "listen": { "port": 70000 } }',
    '1:38: /listen/port: expected a number of at most 65535',
  ],
  [
    'a port as text',
    '{ "servers": {}, "listen": { "port": "1" } }',
    '1:38: /listen/port: expected a number, found a string',
  ],
  [
    'half a port',
    '{ "servers": {}, "listen": { "port": 1.5 } }',
    '1:38: /listen/port: expected a whole number, found a number',
  ],
  ['null', '{ "servers": null }', '1:14: /servers: expected an object, found `null`'],
  [
    'an unknown durability',
    '{ "servers": {}, "audit": { "durability": "proces" } }',
    '1:43: /audit/durability: expected one of `process`, `power`; did you mean `process`?',
  ],
  [
    '(reference) records of a server that is not there',
    '{ "servers": {}, "audit": { "record": { "mail": { "*": "values" } } } }',
    '1:41: /audit/record/mail: there is no server `mail`; name one of `servers`',
  ],
  [
    '(text) a sink that is no web address',
    '{ "servers": {}, "audit": { "sink": { "url": "ftp://a.example" } } }',
    '1:46: /audit/sink/url: expected a URL of http or https, without a user or password; send an `authorization` header instead',
  ],
  [
    'an origin with a path',
    '{ "servers": {}, "listen": { "origins": ["https://a.example/"] } }',
    '1:42: /listen/origins/0: expected the origin of a web page; write scheme, host and port only, as in `https://console.example.com`',
  ],
  [
    'a host with a scheme',
    '{ "servers": {}, "listen": { "hosts": ["https://a"] } }',
    '1:40: /listen/hosts/0: expected a host name in lower case, without scheme and port, as in `gate.example.com`',
  ],
  [
    'a name with an underscore',
    '{ "servers": { "my_files": { "command": "x" } } }',
    '1:16: /servers/my_files: expected a name of 1 to 32 characters, of a-z 0-9 and -, starting with a letter or digit',
  ],
  [
    'a pointer that needs escapes',
    '{ "servers": { "a/b~c": { "command": "x" } } }',
    '1:16: /servers/a~1b~0c: expected a name of 1 to 32 characters, of a-z 0-9 and -, starting with a letter or digit',
  ],
  [
    'a server that is text',
    '{ "servers": { "a": "x" } }',
    '1:21: /servers/a: expected an object with `command` or an object with `url`, found a string',
  ],
  [
    'a misspelt command',
    '{ "servers": { "a": { "command": "x", "arg": [] } } }',
    '1:39: /servers/a/arg: unknown field `arg`; did you mean `args`?',
  ],
  [
    'a misspelt URL field',
    '{ "servers": { "a": { "url": "https://a.example", "header": {} } } }',
    '1:51: /servers/a/header: unknown field `header`; did you mean `headers`?',
  ],
  [
    'both kinds of server',
    '{ "servers": { "a": { "url": "https://a.example", "headers": {}, "command": "x" } } }',
    '1:66: /servers/a/command: unknown field `command`; known here: `url`, `transport`, `headers`, `allowPrivate`',
  ],
  [
    'an argument that is a number',
    '{ "servers": { "a": { "command": "x", "args": ["y", 1] } } }',
    '1:53: /servers/a/args/1: expected a string, found a number',
  ],
];
for (const [name, text, problem] of shapes) {
  test(`refused: ${name}`, async () => {
    assert.deepEqual(await problems(text), [`portcullis.json:${problem}`]);
  });
}

const servers: readonly (readonly [string, object, readonly string[]])[] = [
  [
    'a missing variable',
    { command: '${NOWHERE}' },
    [
      '/servers/a/command: the environment has no variable `NOWHERE`; set it, or write `$${NOWHERE}` for the text itself',
    ],
  ],
  [
    'a name of every object',
    { command: '${constructor}' },
    [
      '/servers/a/command: the environment has no variable `constructor`; set it, or write `$${constructor}` for the text itself',
    ],
  ],
  [
    'a broken reference',
    { command: 'x', args: ['a${b'] },
    [
      '/servers/a/args/0: expected a variable name between `${` and `}`; write `$${` for the two characters themselves',
    ],
  ],
  [
    'an expression',
    { command: 'x', env: { A: '${1+1}' } },
    [
      '/servers/a/env/A: expected a variable name between `${` and `}`; write `$${` for the two characters themselves',
    ],
  ],
  [
    'a variable of a strange name',
    { command: 'x', env: { 'A B': 'c' } },
    ['/servers/a/env/A B: expected a variable name of A-Z a-z 0-9 and _'],
  ],
  ['NUL', { command: 'x\0y' }, ['/servers/a/command: no NUL can be passed on; leave it out']],
  [
    'no URL',
    { url: '${CREDENTIAL}' },
    ['/servers/a/url: expected a URL; write it as in `https://example.com/mcp`'],
  ],
  [
    'a file URL',
    { url: 'file:///etc/passwd' },
    ['/servers/a/url: expected a URL of http or https'],
  ],
  [
    'a URL with a password',
    { url: 'https://me:s3cret@example.com' },
    [
      '/servers/a/url: a URL must not hold a user or password; send an `authorization` header instead',
    ],
  ],
  [
    'a URL with a fragment',
    { url: 'https://example.com/#x' },
    ['/servers/a/url: a URL must not hold a `#` part; leave it out'],
  ],
  [
    'a header value with a line break',
    { url: 'https://a.example', headers: { 'x-key': '${BROKEN}' } },
    [
      '/servers/a/headers/x-key: a header value holds no line break, NUL or character beyond Latin-1; look for a line break at the end of a variable',
    ],
  ],
  [
    'a header name with a line break',
    { url: 'https://a.example', headers: { 'x\r\ny': 'z' } },
    ['/servers/a/headers/x\r\ny: expected a header name'],
  ],
  [
    'the same header twice',
    { url: 'https://a.example', headers: { 'X-Key': 'a', 'x-key': 'b' } },
    ['/servers/a/headers/x-key: the header `x-key` is here twice; names of headers have no case'],
  ],
  ...[
    'Host',
    'content-length',
    'Transfer-Encoding',
    'CONNECTION',
    'Mcp-Session-Id',
    'mcp-name',
  ].map(
    (name) =>
      [
        `the header ${name}`,
        { url: 'https://a.example', headers: { [name]: 'x' } },
        [
          `/servers/a/headers/${name}: the gateway writes the header \`${name.toLowerCase()}\` itself; leave it out`,
        ],
      ] as const,
  ),
];
for (const [name, server, expected] of servers) {
  test(`refused of a server: ${name}`, async () => {
    const found = await problems(JSON.stringify({ servers: { a: server } }));
    assert.deepEqual(found.map(withoutPlace), expected);
  });
}

function withoutPlace(line: string): string {
  return line.replace(/^[^:]*:\d+:\d+: /, '');
}

const sha256 = 'c'.repeat(64);
const grants: readonly (readonly [string, object, readonly string[]])[] = [
  [
    'an unknown server',
    { servers: ['file'] },
    ['/grants/g/servers/0: there is no server `file`; did you mean `files`?'],
  ],
  [
    'a server twice',
    { servers: ['files', 'files'] },
    ['/grants/g/servers/1: `files` is in this list already; leave it out'],
  ],
  [
    'an unknown policy',
    { policy: 'none-such' },
    ['/grants/g/policy: there is no policy `none-such`; declare it under `policies`'],
  ],
  [
    'an unknown policy of a server',
    { policy: { files: 'raed' } },
    ['/grants/g/policy/files: there is no policy `raed`; did you mean `read`?'],
  ],
  [
    'a policy for a server it does not open',
    { policy: { mail: 'read' } },
    [
      '/grants/g/policy/mail: this grant does not open the server `mail`; add it to `servers`, or leave it out',
    ],
  ],
  [
    'a principal without a kind',
    { principal: 'ci' },
    ['/grants/g/principal: expected a kind and a name with a colon between them; as in `agent:ci`'],
  ],
  ['no mode of ours', { mode: 'audit' }, ['/grants/g/mode: expected one of `enforce`, `observe`']],
  [
    'a family of methods that is none',
    { methods: ['resource'] },
    [
      '/grants/g/methods/0: expected one of `resources`, `prompts`, `completion`, `tasks`, `sampling`, `elicitation`, `roots`; did you mean `resources`?',
    ],
  ],
  [
    'a day that is none',
    { expires: '2027-02-30' },
    [
      '/grants/g/expires: expected a date or a time with its offset, as in `2027-01-31` or `2027-01-31T12:00:00Z`',
    ],
  ],
  [
    'labels that last for no time',
    { labelsLast: '0s' },
    ['/grants/g/labelsLast: expected a time as in `90s`, `30m`, `12h` or `7d`'],
  ],
  [
    'a time without an offset',
    { expires: '2027-01-31T12:00:00' },
    [
      '/grants/g/expires: expected a date or a time with its offset, as in `2027-01-31` or `2027-01-31T12:00:00Z`',
    ],
  ],
  [
    'a token in clear',
    { token: 'pcl_x' },
    ['/grants/g/token: expected an object with `sha256` or an object with `env`, found a string'],
  ],
  [
    'a digest that is short',
    { token: { sha256: 'abc' } },
    ['/grants/g/token/sha256: expected the SHA-256 of a token, 64 hexadecimal digits'],
  ],
  [
    'a variable that is not set',
    { token: { env: 'NOWHERE' } },
    ['/grants/g/token/env: the environment has no variable `NOWHERE`; set it to the token'],
  ],
  [
    'a token that can be guessed',
    { token: { env: 'SHORT' } },
    ['/grants/g/token/env: the token in `SHORT` is too short; use at least 32 characters'],
  ],
  [
    'a token with a space',
    { token: { env: 'SPACED' } },
    [
      '/grants/g/token/env: `SPACED` holds no token; use A-Z a-z 0-9 - . _ ~ + / only, without spaces',
    ],
  ],
  [
    'an empty variable',
    { token: { env: 'EMPTY' } },
    [
      '/grants/g/token/env: `EMPTY` holds no token; use A-Z a-z 0-9 - . _ ~ + / only, without spaces',
    ],
  ],
  [
    'a token with a wrong end',
    { token: { env: 'CHANGED' } },
    [
      '/grants/g/token/env: the token in `CHANGED` is mistyped: its last characters do not fit; copy it again',
    ],
  ],
  [
    'several at once',
    { principal: 'x', mode: 'enforce', servers: ['q'] },
    [
      '/grants/g/principal: expected a kind and a name with a colon between them; as in `agent:ci`',
      '/grants/g/servers/0: there is no server `q`; declare it under `servers`',
    ],
  ],
];
for (const [name, changes, expected] of grants) {
  test(`refused of a grant: ${name}`, async () => {
    const g = { principal: 'agent:ci', servers: ['files'], policy: 'read', token: { sha256 } };
    const file = {
      servers: { files: { command: 'x' }, mail: { command: 'y' } },
      policies: { read: document },
      grants: { g: { ...g, ...changes } },
    };
    assert.deepEqual((await problems(JSON.stringify(file))).map(withoutPlace), expected);
  });
}

test('refused: two grants with one token', async () => {
  const grant = { principal: 'agent:ci', servers: [], policy: 'read', token: { sha256 } };
  const file = { servers: {}, policies: { read: document }, grants: { a: grant, b: grant } };
  assert.deepEqual((await problems(JSON.stringify(file))).map(withoutPlace), [
    '/grants/b/token: the token of `a` carries this grant too; give each grant its own',
  ]);
});

test('the problems of a policy that is written here are placed here', async () => {
  const text =
    '{ "servers": {},\n  "policies": { "p": { "version": "1",\n    "defualt": "deny" } } }';
  const found = await problems(text);
  const first = found.find((line) => line.includes('defualt')) ?? found.join('\n');
  assert.match(first, /^portcullis\.json:3:5: \/policies\/p\/defualt: /);
  const inline = await problems(
    '{ "servers": {}, "guardrails": { "p": { "version": "2", "default": "deny" } } }',
  );
  assert.match(inline[0] ?? '', /^portcullis\.json:1:52: \/guardrails\/p\/version: /);
});

test('the problems of a policy in a file are placed in that file', async () => {
  const text = '{ "servers": {}, "policies": { "p": "./p.json" } }';
  const policy = '{ "version": "1",\n  "default": "perhaps" }';
  assert.match((await problems(text, { 'p.json': policy }))[0] ?? '', /^p\.json:2:14: \/default: /);
  const duplicate = '{ "version": "1",\n  "version": "1", "default": "deny" }';
  assert.deepEqual(await problems(text, { 'p.json': duplicate }), [
    'p.json:2:3: this key is here twice; keep one of the two',
  ]);
});

test('a policy file that is not there is a problem where it is named', async () => {
  const text = '{ "servers": {},\n  "policies": { "p": "./p.json", "q": "." } }';
  assert.deepEqual(await problems(text), [
    'portcullis.json:2:22: /policies/p: `./p.json`: there is no such file; check the name, and the folder it is relative to',
    'portcullis.json:2:39: /policies/q: `.`: this is a folder, not a file; name the file in it',
  ]);
});

test('a policy file is read relative to the configuration, and named among the files', async () => {
  const path = await write({
    'portcullis.json': '{ "servers": {}, "policies": { "p": "p.json", "q": "./p.json" } }',
    'p.json': `${JSON.stringify(document)}\n`,
  });
  const loaded = await loadConfig(path, {});
  assert.ok(loaded.ok);
  assert.equal(loaded.value.policies.get('q')?.document, `${JSON.stringify(document)}\n`);
  assert.deepEqual(loaded.value.files, [path, join(path, '..', 'p.json')]);
});

test('a configuration that is not there, or is a folder, is one problem', async () => {
  const missing = await loadConfig(join(root, 'none.json'), {});
  assert.equal(!missing.ok && missing.error[0]?.message, 'there is no such file');
  const folder = await loadConfig(root, {});
  assert.equal(!folder.ok && folder.error[0]?.message, 'this is a folder, not a file');
});

// B-098: variables are looked up once, and only where the operator writes text for servers.
test('what a variable holds is not expanded again, and other fields are not expanded at all', async () => {
  const path = await write({
    'portcullis.json': JSON.stringify({
      servers: { a: { command: '${OUTER}', args: ['$HOME', '$', '$$$$', 'a$b'] } },
      data: '/tmp/${OUTER}',
      policies: { p: { ...document, description: '${OUTER}' } },
    }),
  });
  const loaded = await loadConfig(path, { OUTER: '${INNER}$$', INNER: 'no' });
  assert.ok(loaded.ok);
  const server = loaded.value.servers.get('a');
  assert.ok(server?.transport === 'stdio');
  assert.equal(server.command, '${INNER}$$');
  assert.deepEqual(server.args, ['$HOME', '$', '$$', 'a$b']);
  assert.equal(loaded.value.dataDir, '/tmp/${OUTER}');
  assert.match(loaded.value.policies.get('p')?.document ?? '', /\$\{OUTER\}/);
});

test('the published schema is the one that files are read with', () => {
  const published = readFileSync(new URL('../spec/config.schema.json', import.meta.url), 'utf8');
  assert.equal(published, render(), 'run `npm run golden`');
});

test('the published schema takes what is taken and refuses what is refused', () => {
  // Defaults of formats and of the policy's own schema are not the point here.
  const schema = JSON.parse(render().replace('"policy.schema.json"', '"#/$defs/any"')) as {
    $defs: Record<string, object>;
  };
  schema.$defs['any'] = { type: 'object' };
  const validate = new Ajv2020({ validateFormats: false }).compile(schema);
  assert.equal(validate({ servers: { a: { command: 'x' } }, policies: { p: document } }), true);
  for (const [name, text] of shapes) {
    if (name.startsWith('an origin') || name.startsWith('(')) continue;
    assert.equal(validate(JSON.parse(text)), false, name);
  }
});
