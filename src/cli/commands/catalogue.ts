import type { Command } from 'commander';

import { err, ok, type Result } from '../../base/result.ts';
import type { CatalogueStore } from '../../catalogue/catalogue-store.ts';
import type { ToolEntry } from '../../catalogue/entry.ts';
import type { ImportProgress } from '../../main/catalogue-import.ts';
import { importFile, openDataCatalogue, seedCatalogue } from '../../main/catalogue.ts';
import { categories, risks, type Category, type Risk } from '../../policy/index.ts';
import { columns, exitCodes, jsonText, sayFailed, type Io } from '../io.ts';
import { printable } from '../scan/print.ts';

interface Common {
  readonly data: string;
  readonly json?: boolean;
}

/** `portcullis catalogue`: what is known of servers, from scans and imports; works on the folder. */
export function addCatalogueCommands(program: Command, io: Io, nowMs: () => number): void {
  const group = program
    .command('catalogue')
    .description('servers and their tools: import, search, look at one, see what changed');
  const sub = (name: string, about: string): Command =>
    group
      .command(name)
      .description(about)
      .option('--data <dir>', 'data folder of the gateway', 'data')
      .option('--json', 'print one JSON value');

  sub('import', 'take in a file of one tool a line (`server`, `tool`, `description`, ...)')
    .argument('<file>', 'JSON lines, plain or gzipped')
    .action((file: string, options: Common) =>
      withCatalogue(io, options, async (store) => {
        const started = nowMs();
        const imported = await importFile(store, file, shownProgress(io, nowMs));
        if (!imported.ok) return imported;
        const { servers, tools, changes, skipped, problems } = imported.value;
        for (const problem of problems) io.err(printable(`left out: ${problem}`));
        const seconds = ((nowMs() - started) / 1000).toFixed(1);
        return ok({
          value: { ...imported.value, seconds: Number(seconds) },
          lines: [
            `${tools} tools of ${servers} servers in ${seconds} s; ${changes} changes, ${skipped} lines left out`,
          ],
          found: true,
        });
      }),
    );
  sub('seed', 'take in the servers that were scanned when this version was made').action(
    (options: Common) =>
      withCatalogue(io, options, async (store) => {
        const seeded = await seedCatalogue(store);
        if (!seeded.ok) return seeded;
        const { servers, known } = seeded.value;
        const left =
          known === 0 ? '' : `; ${known} more were read or imported here and stay as they are`;
        const lines = [`${servers} servers${left}; see them with \`catalogue search\``];
        return ok({ value: seeded.value, lines, found: true });
      }),
  );
  sub('search', 'find tools by words of their name, description and server')
    .argument('[words...]', 'every word must be there')
    .option('--category <category>', categories.join(', '))
    .option('--risk <risk>', risks.join(', '))
    .option('--limit <number>', 'how many to show', '20')
    .action((words: readonly string[], options: Common & SearchOptions) =>
      withCatalogue(io, options, (store) => search(store, words.join(' '), options)),
    );
  sub('show', 'one server, or one of its tools')
    .argument('<server>', 'as its page names it')
    .argument('[tool]', 'as its page names it')
    .action((server: string, tool: string | undefined, options: Common) =>
      withCatalogue(io, options, (store) =>
        tool === undefined ? showServer(store, server) : showTool(store, server, tool),
      ),
    );
  sub('changes', 'what changed: new, changed, renamed, riskier, gone')
    .option('--server <server>', 'of one server')
    .option('--limit <number>', 'how many to show', '50')
    .action((options: Common & { readonly server?: string; readonly limit: string }) =>
      withCatalogue(io, options, (store) => changes(store, options)),
    );
}

interface SearchOptions {
  readonly category?: string;
  readonly risk?: string;
  readonly limit: string;
}

/** What a command prints: the value with `--json`, else the lines. */
interface Shown {
  readonly value: unknown;
  readonly lines: readonly string[];
  /** False exits with 1: the answer is no. */
  readonly found: boolean;
}

async function withCatalogue(
  io: Io,
  { data, json = false }: Common,
  work: (store: CatalogueStore) => Promise<Result<Shown, string>>,
): Promise<void> {
  const store = await openDataCatalogue(data);
  const shown = store.ok ? await work(store.value) : store;
  if (store.ok) await store.value.close();
  if (!shown.ok) return sayFailed(io, { code: 'catalogue', message: shown.error }, json);
  const { value, lines, found } = shown.value;
  if (json) io.out(jsonText(value));
  else for (const line of lines) io.out(printable(line));
  if (!found) process.exitCode = exitCodes.no;
}

async function search(
  store: CatalogueStore,
  text: string,
  options: SearchOptions,
): Promise<Result<Shown, string>> {
  const category = oneOf<Category>(categories, options.category);
  const risk = oneOf<Risk>(risks, options.risk);
  const limit = Number(options.limit);
  if (category === undefined) return err(`--category: there are: ${categories.join(', ')}`);
  if (risk === undefined) return err(`--risk: there are: ${risks.join(', ')}`);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) return err('--limit: 1 to 1000');
  const found = await store.searchTools({ text, category, risk, offset: 0, limit });
  if (!found.ok) return found;
  const { items, total } = found.value;
  const rows = items.map((tool) => [
    tool.server.slug,
    tool.slug,
    tool.category,
    tool.risk,
    tool.about.slice(0, 60),
  ]);
  const lines = [
    ...columns([['SERVER', 'TOOL', 'CATEGORY', 'RISK', 'ABOUT'], ...rows]),
    `${total} in all`,
  ];
  return ok({ value: found.value, lines, found: items.length > 0 });
}

async function showServer(store: CatalogueStore, slug: string): Promise<Result<Shown, string>> {
  const server = await store.server(slug);
  if (!server.ok) return server;
  if (server.value === null) return err(`there is no server \`${slug}\`; see catalogue search`);
  const { name, grade, tokens, listed, posture } = server.value;
  const rows = listed.map((tool) => [tool.slug, tool.category, tool.risk, tool.signals.join(', ')]);
  const lines = [
    `${name}: grade ${grade.letter} (${grade.score} of 100), about ${tokens} tokens, ${posture.transport}`,
    ...grade.deductions.map(({ points, why }) => `  -${points}  ${why}`),
    ...columns([['TOOL', 'CATEGORY', 'RISK', 'SIGNALS'], ...rows]),
  ];
  return ok({ value: server.value, lines, found: true });
}

async function showTool(
  store: CatalogueStore,
  server: string,
  slug: string,
): Promise<Result<Shown, string>> {
  const tool = await store.tool(server, slug);
  if (!tool.ok) return tool;
  if (tool.value === null) return err(`there is no tool \`${slug}\` of \`${server}\``);
  return ok({ value: tool.value, lines: toolLines(tool.value), found: true });
}

function toolLines(tool: ToolEntry): readonly string[] {
  return [
    `${tool.name} (${tool.server.name})`,
    tool.about,
    tool.sentence,
    ...tool.suspicions.map(({ path, message, quote }) => `warning: ${path} ${message}: ${quote}`),
    `recommended: ${JSON.stringify({ [tool.name]: tool.policy })}`,
    ...tool.related.map((one) => `related: ${one.server.slug} ${one.slug} (${one.category})`),
  ];
}

async function changes(
  store: CatalogueStore,
  options: { readonly server?: string; readonly limit: string },
): Promise<Result<Shown, string>> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) return err('--limit: 1 to 1000');
  const found = await store.changes({ server: options.server ?? null, sinceMs: 0, limit });
  if (!found.ok) return found;
  const rows = found.value.map(({ atMs, kind, server, tool, detail }) => [
    new Date(atMs).toISOString(),
    kind,
    server.slug,
    tool?.name ?? '',
    detail,
  ]);
  const lines = columns([['WHEN', 'WHAT', 'SERVER', 'TOOL', 'DETAIL'], ...rows]);
  return ok({ value: found.value, lines, found: found.value.length > 0 });
}

/** Null for none, undefined for one that is not in the list. */
function oneOf<T extends string>(
  list: readonly T[],
  text: string | undefined,
): T | null | undefined {
  if (text === undefined) return null;
  return list.find((one) => one.toLowerCase() === text.toLowerCase());
}

/** At most one line a second, and the last one of each phase. */
function shownProgress(io: Io, nowMs: () => number): (now: ImportProgress) => void {
  let last = 0;
  return ({ phase, done, of }) => {
    const isLast = done === of;
    if (!isLast && nowMs() - last < 1_000) return;
    last = nowMs();
    io.err(`${phase} ${done}${of === null ? '' : ` of ${of}`} tools`);
  };
}
