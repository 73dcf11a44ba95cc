import { differences, digestsOf, type Known } from '../../catalogue/compare.ts';
import type { Recorded, Recording } from '../../catalogue/catalogue-store.ts';
import { nameOf, textOf } from '../../catalogue/observation.ts';
import { gradeJudged, judgeTools, type JudgedTool } from '../../catalogue/scan.ts';
import { slugOf } from '../../catalogue/slug.ts';
import { recommendRule } from '../../classify/recommend.ts';
import type { Category, Risk } from '../../policy/index.ts';
import type { Sqlite } from '../embedded/sqlite.ts';
import { number, text, type Row } from './rows.ts';

const aboutMax = 240;

/** A judged tool with the names that the catalogue knows it by. */
interface Listed extends Known {
  readonly judged: JudgedTool;
}

/**
 * Takes a reading in, within the caller's transaction: judges the tools, compares them with the
 * reading before, and replaces that. What changed goes on the feed; first sightings are kept.
 */
export function recordReading(sqlite: Sqlite, recording: Recording): Recorded {
  const { observation, atMs } = recording;
  const slug = slugOf(observation.name);
  const server = sqlite.prepare('select first_ms, riskier from servers where slug = ?').get(slug);
  const before = knownTools(sqlite, slug);
  const after = listedTools(recording);
  const changed =
    server === undefined
      ? []
      : differences(
          before.map(({ known }) => known),
          after,
        );
  const riskier =
    number(server ?? {}, 'riskier') + changed.filter(({ kind }) => kind === 'riskier').length;

  writeServer(sqlite, {
    recording,
    slug,
    after,
    riskier,
    firstMs: number(server ?? {}, 'first_ms') || atMs,
  });
  writeTools(sqlite, { slug, atMs, before, after });
  const note = sqlite.prepare(
    'insert into changes (at_ms, kind, server, server_name, tool, tool_name, detail) values (?, ?, ?, ?, ?, ?, ?)',
  );
  const { name } = observation;
  if (server === undefined) {
    note.run(atMs, 'server-new', slug, name, null, null, `${after.length} tools`);
  }
  for (const { kind, tool, detail } of changed) {
    note.run(atMs, kind, slug, name, tool.slug, tool.name, detail);
  }
  return { slug, tools: after.length, changes: changed.length };
}

interface Earlier {
  readonly id: number;
  readonly known: Known;
}

function knownTools(sqlite: Sqlite, server: string): readonly Earlier[] {
  const rows = sqlite
    .prepare('select id, name, slug, digest, body, category, risk from tools where server = ?')
    .all(server);
  return rows.map((row: Row) => ({
    id: number(row, 'id'),
    known: {
      name: text(row, 'name'),
      slug: text(row, 'slug'),
      digest: text(row, 'digest'),
      body: text(row, 'body'),
      // This file alone writes these columns.
      category: text(row, 'category') as Category,
      risk: text(row, 'risk') as Risk,
    },
  }));
}

// A server that lists one name twice has two entries: which of them a client takes is not known.
function listedTools({ observation }: Recording): readonly Listed[] {
  const taken = new Map<string, number>();
  return judgeTools(observation).map((judged) => {
    const name = nameOf(judged.definition);
    const base = slugOf(name);
    const times = (taken.get(base) ?? 0) + 1;
    taken.set(base, times);
    const { category, raisedRisk } = judged.classification;
    const slug = times === 1 ? base : `${base}~${times}`;
    return { ...digestsOf(judged.definition), name, slug, category, risk: raisedRisk, judged };
  });
}

function writeServer(
  sqlite: Sqlite,
  of: {
    readonly recording: Recording;
    readonly slug: string;
    readonly after: readonly Listed[];
    readonly riskier: number;
    readonly firstMs: number;
  },
): void {
  const { recording, slug, after, riskier, firstMs } = of;
  const { observation, source, identity, atMs } = recording;
  const judged = after.map((tool) => tool.judged);
  const grade = gradeJudged(judged, observation.posture, riskier);
  const counts = {
    category: countBy(after.map((tool) => tool.category)),
    risk: countBy(after.map((tool) => tool.risk)),
  };
  const tokens = judged.reduce((sum, tool) => sum + tool.tokens, 0);
  const columns = `name, version, source, identity, posture, instructions, grade, score, tools,
    tokens, counts, riskier, first_ms, scanned_ms`;
  const updates = columns.split(',').map((column) => `${column} = excluded.${column.trim()}`);
  sqlite
    .prepare(
      `insert into servers (slug, ${columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (slug) do update set ${updates.join(', ')}`,
    )
    .run(
      slug,
      observation.name,
      observation.version,
      source,
      JSON.stringify(identity),
      JSON.stringify(observation.posture),
      observation.instructions,
      JSON.stringify(grade),
      grade.score,
      after.length,
      tokens,
      JSON.stringify(counts),
      riskier,
      firstMs,
      atMs,
    );
}

function writeTools(
  sqlite: Sqlite,
  of: {
    readonly slug: string;
    readonly atMs: number;
    readonly before: readonly Earlier[];
    readonly after: readonly Listed[];
  },
): void {
  const { slug, atMs, before, after } = of;
  const old = new Map(before.map((tool) => [tool.known.slug, tool]));
  const present = new Set(after.map((tool) => tool.slug));
  const remove = sqlite.prepare('delete from tools where id = ?');
  const forget = sqlite.prepare('delete from tools_text where rowid = ?');
  for (const { id, known } of before) {
    if (present.has(known.slug)) continue;
    remove.run(id);
    forget.run(id);
  }
  const insert = sqlite.prepare(
    `insert into tools (server, place, slug, name, about, category, risk, class_risk, digest, body,
       tokens, signals, first_ms, changed_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const update = sqlite.prepare(
    `update tools set place = ?, about = ?, category = ?, risk = ?, class_risk = ?, digest = ?,
       body = ?, tokens = ?, signals = ?, changed_ms = case when digest = ? then changed_ms else ? end
     where id = ?`,
  );
  const define = sqlite.prepare(
    `insert or replace into definitions (tool, definition, evidence, sentence, suspicions, policy)
     values (?, ?, ?, ?, ?, ?)`,
  );
  const wait = sqlite.prepare('insert or ignore into pending (tool) values (?)');
  for (const [place, tool] of after.entries()) {
    const { judged, category, risk, digest, body, name } = tool;
    const { classification: found, definition, tokens } = judged;
    const about = textOf(definition, 'description').replaceAll(/\s+/g, ' ').trim();
    const shown = about.slice(0, aboutMax).replace(/[\uD800-\uDBFF]$/, '');
    const signals = JSON.stringify(found.signals);
    const earlier = old.get(tool.slug);
    const said = [shown, category, risk, found.classRisk, digest, body, tokens, signals] as const;
    const id =
      earlier === undefined
        ? Number(insert.run(slug, place, tool.slug, name, ...said, atMs, atMs).lastInsertRowid)
        : earlier.id;
    if (earlier !== undefined) update.run(place, ...said, digest, atMs, id);
    define.run(
      id,
      JSON.stringify(definition),
      JSON.stringify(found.evidence),
      found.sentence,
      JSON.stringify(judged.suspicions),
      JSON.stringify(recommendRule({ ...definition, name }, found)),
    );
    if (earlier?.known.digest !== digest) wait.run(id);
  }
}

function countBy(keys: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}
