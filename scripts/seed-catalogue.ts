/**
 * Makes `seed/catalogue.jsonl` anew: installs each package into a folder of its own without running
 * its scripts, scans it over stdio, and compares the scan with the server's own `tools/list`. Only
 * servers whose package says MIT or Apache-2.0 are kept. With `--reclassify` nothing is installed:
 * what the classifier says of the kept definitions is written anew.
 *
 *   node scripts/seed-catalogue.ts [--reclassify] [package...]
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { JsonObject } from '../src/base/strict-json.ts';
import { reportOf } from '../src/catalogue/scan.ts';
import { readSeedLine, type SeedServer } from '../src/catalogue/seed.ts';
import { scanServer } from '../src/main/scan.ts';

interface Wanted {
  readonly package: string;
  readonly args?: readonly string[];
  /** Stand-ins where a server will not start without: none is a credential. */
  readonly env?: Readonly<Record<string, string>>;
}

const none = 'not-a-credential';
const servers: readonly Wanted[] = [
  { package: '@modelcontextprotocol/server-everything' },
  { package: '@modelcontextprotocol/server-filesystem', args: ['.'] },
  { package: '@modelcontextprotocol/server-memory' },
  { package: '@modelcontextprotocol/server-sequential-thinking' },
  { package: '@modelcontextprotocol/server-github' },
  { package: '@modelcontextprotocol/server-gitlab', env: { GITLAB_PERSONAL_ACCESS_TOKEN: none } },
  {
    package: '@modelcontextprotocol/server-slack',
    env: { SLACK_BOT_TOKEN: none, SLACK_TEAM_ID: none },
  },
  { package: '@modelcontextprotocol/server-postgres', args: ['postgresql://localhost/none'] },
  { package: '@modelcontextprotocol/server-brave-search', env: { BRAVE_API_KEY: none } },
  { package: '@modelcontextprotocol/server-google-maps', env: { GOOGLE_MAPS_API_KEY: none } },
  { package: '@modelcontextprotocol/server-puppeteer' },
  { package: '@modelcontextprotocol/server-aws-kb-retrieval' },
  { package: '@modelcontextprotocol/server-everart', env: { EVERART_API_KEY: none } },
  { package: '@playwright/mcp' },
  { package: '@executeautomation/playwright-mcp-server' },
  { package: 'chrome-devtools-mcp' },
  { package: 'mcp-server-kubernetes' },
  { package: 'mcp-server-commands' },
  { package: 'mongodb-mcp-server' },
  { package: '@notionhq/notion-mcp-server' },
  { package: '@cyanheads/git-mcp-server' },
  { package: '@cyanheads/pubmed-mcp-server' },
  { package: '@upstash/context7-mcp' },
  { package: 'firecrawl-mcp', env: { FIRECRAWL_API_KEY: none } },
  { package: 'tavily-mcp', env: { TAVILY_API_KEY: none } },
  { package: 'exa-mcp-server', env: { EXA_API_KEY: none } },
  { package: '@supabase/mcp-server-supabase', env: { SUPABASE_ACCESS_TOKEN: none } },
  {
    package: '@supabase/mcp-server-postgrest',
    args: ['--apiUrl', 'http://127.0.0.1:9', '--apiKey', none, '--schema', 'public'],
  },
  { package: '@stripe/mcp', env: { STRIPE_SECRET_KEY: 'sk_test_none' } },
  { package: 'figma-developer-mcp', args: ['--stdio'], env: { FIGMA_API_KEY: none } },
  { package: '@wonderwhy-er/desktop-commander' },
  { package: '@antv/mcp-server-chart' },
  { package: 'airtable-mcp-server', env: { AIRTABLE_API_KEY: none } },
  { package: '@benborla29/mcp-server-mysql' },
  { package: 'xcodebuildmcp', args: ['mcp'] },
  { package: '@jpisnice/shadcn-ui-mcp-server' },
  { package: '@circleci/mcp-server-circleci', env: { CIRCLECI_TOKEN: none } },
  { package: '@heroku/mcp-server', env: { HEROKU_API_KEY: none } },
  { package: '@hubspot/mcp-server', env: { PRIVATE_APP_ACCESS_TOKEN: none } },
  { package: 'n8n-mcp' },
];

const kept = /^(?:MIT|Apache-2\.0)$/;
const installMs = 180_000;
const scanMs = 45_000;
const seedPath = new URL('../seed/catalogue.jsonl', import.meta.url);

/**
 * Systems that users name, by the definitions of the demo's stand-ins, which are our own, and under
 * the names of these: where one of them runs it is the same server.
 */
const named: readonly (readonly [name: string, file: string])[] = [
  ['orchard', 'orchard/tools.json'],
  ['callendar', 'callendar.tools.json'],
  ['qasperai', 'qasperai.tools.json'],
  ['calculator', 'calculator.tools.json'],
];

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const only = words.filter((word) => !word.startsWith('--'));
  if (words.includes('--reclassify')) return write(oldSeed());
  const seeds = new Map(oldSeed().map((seed) => [seed.package ?? seed.name, seed]));
  for (const one of standIns()) seeds.set(one.name, one);
  const wanted = servers.filter((one) => only.length === 0 || only.includes(one.package));
  for (const one of wanted) {
    const seed = await seedOf(one);
    if (typeof seed === 'string') say(`left out  ${one.package}: ${seed}`);
    else {
      seeds.set(one.package, seed);
      say(`kept      ${one.package} ${seed.version}: ${seed.tools.length} tools, ${seed.licence}`);
      write([...seeds.values()]);
    }
  }
  write([...seeds.values()]);
}

/** One package's entry, or why there is none. */
async function seedOf(wanted: Wanted): Promise<SeedServer | string> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-seed-'));
  try {
    const installed = await npmInstall(folder, wanted.package);
    if (installed !== null) return installed;
    const root = join(folder, 'node_modules', ...wanted.package.split('/'));
    // A manifest of npm, of which four members are looked at.
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly version: string;
      readonly license?: string;
      readonly homepage?: string;
      readonly bin?: string | Readonly<Record<string, string>>;
    };
    const { version, homepage = null } = manifest;
    const license = licenceOf(root, manifest.license ?? 'none');
    if (license === null) return `its licence is ${manifest.license ?? 'not named'}`;
    const bin =
      typeof manifest.bin === 'string' ? manifest.bin : Object.values(manifest.bin ?? {})[0];
    if (bin === undefined) return 'it has no program';
    const command = process.execPath;
    const args = [join(root, bin), ...(wanted.args ?? [])];
    const env = wanted.env ?? {};
    const observed = await scanServer({
      config: { name: wanted.package, transport: 'stdio', command, args, env, cwd: folder },
      timeoutMs: scanMs,
      environment: { PATH: process.env['PATH'], HOME: folder },
      credentials: false,
    });
    if (!observed.ok) return observed.error;
    const own = await ownList({ command, args, env, cwd: folder });
    const seen = observed.value.tools.map((tool) => JSON.stringify(tool));
    if (own !== null && own.some((tool) => !seen.includes(JSON.stringify(tool)))) {
      return 'its own tools/list holds what the scan does not';
    }
    if (seen.length === 0) return 'it lists no tools';
    const { protocolVersion, asks } = observed.value.posture;
    // Some definitions name the folder that the server was started in.
    const text = JSON.stringify(observed.value.tools).replaceAll(folder, '/project');
    return {
      name: wanted.package,
      package: wanted.package,
      version,
      licence: license,
      homepage,
      protocolVersion,
      asks,
      // The same definitions, as JSON.
      tools: JSON.parse(text) as readonly JsonObject[],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The licence that a package names, or whose text it holds; null for any but the two. */
function licenceOf(root: string, named: string): string | null {
  if (kept.test(named)) return named;
  if (!named.startsWith('SEE LICENSE IN')) return null;
  try {
    const text = readFileSync(join(root, named.slice('SEE LICENSE IN '.length)), 'utf8');
    const apache = /Apache License\s+Version 2\.0/.test(text);
    const mit = /\bMIT License\b/.test(text);
    if (apache && mit) return 'Apache-2.0 AND MIT';
    return apache ? 'Apache-2.0' : mit ? 'MIT' : null;
  } catch {
    return null;
  }
}

function npmInstall(folder: string, name: string): Promise<string | null> {
  const options = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--omit=dev',
    '--no-package-lock',
  ];
  return new Promise((resolve) => {
    execFile(
      'npm',
      ['install', ...options, '--prefix', folder, name],
      { timeout: installMs, cwd: folder },
      (error) => resolve(error === null ? null : 'it could not be installed'),
    );
  });
}

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** The first page of the server's list, asked for in the plainest way; null when there is none. */
function ownList({ command, args, env, cwd }: Program): Promise<readonly JsonObject[] | null> {
  return new Promise((resolve) => {
    const PATH = process.env['PATH'] ?? '';
    const child = spawn(command, [...args], { cwd, env: { PATH, HOME: cwd, ...env } });
    let text = '';
    const end = (list: readonly JsonObject[] | null): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(list);
    };
    const timer = setTimeout(() => end(null), scanMs);
    const send = (message: object): void =>
      void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    child.stdin.on('error', () => null);
    child.on('error', () => end(null));
    child.on('exit', () => end(null));
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      for (const line of text.split('\n').slice(0, -1)) {
        // A line of the server's is a message or noise.
        const message = parsed(line) as {
          id?: number;
          result?: { tools?: readonly JsonObject[] };
        } | null;
        if (message?.id === 1 && message.result !== undefined) {
          send({ method: 'notifications/initialized' });
          send({ id: 2, method: 'tools/list', params: {} });
        }
        if (message?.id === 2) return end(message.result?.tools ?? null);
      }
      text = text.slice(text.lastIndexOf('\n') + 1);
    });
    const clientInfo = { name: 'portcullis-seed', version: '1' };
    send({
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo },
    });
  });
}

function standIns(): readonly SeedServer[] {
  return named.map(([name, file]) => ({
    name,
    package: null,
    version: null,
    licence: 'Apache-2.0',
    homepage: null,
    protocolVersion: null,
    asks: [],
    // The demo's own files, which hold lists of definitions.
    tools: JSON.parse(
      readFileSync(new URL(`../src/demo/${file}`, import.meta.url), 'utf8'),
    ) as readonly JsonObject[],
  }));
}

function oldSeed(): readonly SeedServer[] {
  try {
    const lines = readFileSync(seedPath, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map(readSeedLine);
  } catch {
    return [];
  }
}

function write(seeds: readonly SeedServer[]): void {
  const lines = seeds
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((seed) => {
      const { tools } = reportOf({
        name: seed.name,
        version: seed.version,
        instructions: null,
        tools: seed.tools,
        posture: {
          transport: 'stdio',
          where: seed.name,
          encrypted: true,
          credentials: null,
          protocolVersion: seed.protocolVersion,
          asks: seed.asks,
        },
      });
      const says = tools.map(({ name, category, risk }) => [name, category, risk]);
      return JSON.stringify({ ...seed, says });
    });
  writeFileSync(seedPath, `${lines.join('\n')}\n`);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
