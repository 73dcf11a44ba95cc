/**
 * Measures the classifier alone: every tool of a file is classified beside its siblings, in one
 * process, pass after pass; reading the file is not counted. The file is gzipped JSON Lines of
 * `server`, `tool` and the members of the definition. A pass is counted in wall time and in the
 * processor time of its thread, which other work on the machine disturbs less.
 *
 *   node bench/classify.ts [all_tools.jsonl.gz] [passes]
 */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { classifyTool } from '../src/classify/classify.ts';
import type { ServerContext, ToolDefinition } from '../src/classify/tool.ts';

interface Served {
  readonly server: string;
  readonly tools: readonly (ToolDefinition & { readonly name: string })[];
}

interface Rates {
  /** Tools per second of wall time. */
  readonly wall: number;
  /** Tools per second of the thread's processor time. */
  readonly processor: number;
}

const defaultPath = new URL('../../shared/corpus/all_tools.jsonl.gz', import.meta.url).pathname;
const passesDefault = 8;

function main(): void {
  const [path = defaultPath, passes = String(passesDefault)] = process.argv.slice(2);
  if (!existsSync(path) || !(Number(passes) >= 1)) {
    process.stderr.write('usage: node bench/classify.ts [all_tools.jsonl.gz] [passes]\n');
    process.exitCode = 2;
    return;
  }
  const served = readTools(path);
  const count = served.reduce((sum, { tools }) => sum + tools.length, 0);
  const rates = Array.from({ length: Number(passes) }, () => pass(served, count));
  process.stdout.write(`${count} tools of ${served.length} servers, tools a second\n`);
  for (const [index, rate] of rates.entries()) print(`pass ${index + 1}`, rate);
  print('best', {
    wall: Math.max(...rates.map((rate) => rate.wall)),
    processor: Math.max(...rates.map((rate) => rate.processor)),
  });
}

function readTools(path: string): Served[] {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').split('\n');
  const rows = lines
    .filter((line) => line.trim() !== '')
    // The file is the operator's own and has the shape named above.
    .map((line) => JSON.parse(line) as { server: string; tool: string });
  return [...Map.groupBy(rows, (row) => row.server)].map(([server, own]) => ({
    server,
    tools: own.map((row) => ({ ...row, name: row.tool })),
  }));
}

// The contexts are new in every pass, so that what is worked out once per server is counted too.
function pass(served: readonly Served[], count: number): Rates {
  const startMs = performance.now();
  const startUsage = process.threadCpuUsage();
  for (const { server, tools } of served) {
    const context: ServerContext = { name: server, toolNames: tools.map((tool) => tool.name) };
    for (const tool of tools) classifyTool(tool, context);
  }
  const { user, system } = process.threadCpuUsage(startUsage);
  const wallMs = performance.now() - startMs;
  return { wall: (count / wallMs) * 1e3, processor: (count / (user + system)) * 1e6 };
}

function print(title: string, { wall, processor }: Rates): void {
  const numbers = [wall, processor].map((rate) => Math.round(rate).toString().padStart(9));
  process.stdout.write(`${title.padEnd(8)}${numbers.join('')}\n`);
}

main();
