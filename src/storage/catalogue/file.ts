import type { CatalogueStatus, Recorded, Recording } from '../../catalogue/catalogue-store.ts';
import type {
  Change,
  Found,
  Identity,
  Search,
  ServerEntry,
  ServerSummary,
  ToolEntry,
  ToolSummary,
} from '../../catalogue/entry.ts';
import { countMax } from '../../catalogue/entry.ts';
import type { Posture } from '../../catalogue/observation.ts';
import { policyFor } from '../../catalogue/scan.ts';
import type { Suspicion } from '../../catalogue/suspicion.ts';
import type { Hit, Signal } from '../../classify/tool.ts';
import type { Risk } from '../../policy/index.ts';
import { openSqlite, type Sqlite } from '../embedded/sqlite.ts';
import { recordReading } from './record.ts';
import {
  changeOf,
  json,
  number,
  serverColumns,
  serverOf,
  text,
  textOrNull,
  toolColumns,
  toolOf,
  type Row,
} from './rows.ts';
import { migrateCatalogue } from './schema.ts';
import { indexed, indexedName, queryOf } from './text.ts';

/** The catalogue's file in the data folder: its own, so that an import holds nobody else back. */
export const catalogueFile = 'catalogue.sqlite';

const feedMax = 500;
const relatedMax = 8;
const historyMax = 50;

/** The catalogue in one SQLite file. Synchronous: for a thread of its own, or a command. */
export class CatalogueFile {
  readonly #sqlite: Sqlite;

  /** Throws what SQLite throws, and an error when the file is of a newer program. */
  constructor(path: string) {
    this.#sqlite = openSqlite(path);
    // What is lost in a power cut is scanned or imported again.
    this.#sqlite.exec('pragma synchronous = normal; pragma cache_size = -32768');
    if (migrateCatalogue(this.#sqlite)) return;
    this.#sqlite.close();
    throw new Error(`\`${path}\` was written by a newer version of this program: run that one`);
  }

  status(): CatalogueStatus {
    const count = (table: string): number =>
      number(this.#sqlite.prepare(`select count(*) as n from ${table}`).get() ?? {}, 'n');
    return { servers: count('servers'), tools: count('tools'), pending: count('pending') };
  }

  record(recordings: readonly Recording[]): readonly Recorded[] {
    return this.#transaction(() =>
      recordings.map((recording) => recordReading(this.#sqlite, recording)),
    );
  }

  feed(): number {
    return this.#transaction(() => {
      const rows = this.#sqlite
        .prepare(
          `select p.tool, t.name, s.name as server_name, d.definition from pending p
           left join tools t on t.id = p.tool left join definitions d on d.tool = p.tool
           left join servers s on s.slug = t.server limit ${feedMax}`,
        )
        .all();
      const forget = this.#sqlite.prepare('delete from tools_text where rowid = ?');
      const take = this.#sqlite.prepare(
        'insert into tools_text (rowid, name, about, server) values (?, ?, ?, ?)',
      );
      const done = this.#sqlite.prepare('delete from pending where tool = ?');
      for (const row of rows) {
        const id = number(row, 'tool');
        forget.run(id);
        if (row['name'] !== null) {
          const { description } = json(row, 'definition');
          const about = typeof description === 'string' ? description.slice(0, 4_000) : '';
          take.run(
            id,
            indexedName(text(row, 'name')),
            indexed(about),
            indexed(text(row, 'server_name')),
          );
        }
        done.run(id);
      }
      return rows.length < feedMax ? 0 : this.status().pending;
    });
  }

  searchTools(search: Search): Found<ToolSummary> {
    const query = queryOf(search.text);
    if (query === null && search.text.trim() !== '') return { items: [], total: 0 };
    const total = this.#count(search, query);
    // Where nearly every tool has the word, those that have it in their name are enough to rank.
    const named = query === null || total <= countMax ? null : `name : (${query})`;
    const enough =
      named !== null &&
      this.#count(search, named) >= Math.min(countMax, search.offset + search.limit);
    const { from, where, values } = selectionOf(search, enough ? named : query);
    // A hit in the name says more than one in the description or the server's name.
    const order = query === null ? 't.name, t.id' : 'bm25(tools_text, 8, 2, 3), t.id';
    const items = this.#sqlite
      .prepare(`select ${toolColumns} from ${from} ${where} order by ${order} limit ? offset ?`)
      .all(...values, search.limit, search.offset);
    return { items: items.map(toolOf), total };
  }

  searchServers({
    text: asked,
    offset,
    limit,
  }: Pick<Search, 'text' | 'offset' | 'limit'>): Found<ServerSummary> {
    const where = asked === '' ? '' : "where name like ? escape '\\'";
    const values = asked === '' ? [] : [`%${asked.replaceAll(/[\\%_]/g, '\\$&')}%`];
    const items = this.#sqlite
      .prepare(`select ${serverColumns} from servers ${where} order by name limit ? offset ?`)
      .all(...values, limit, offset);
    return { items: items.map(serverOf), total: this.#counted(`servers ${where}`, values) };
  }

  server(slug: string): ServerEntry | null {
    const row = this.#sqlite.prepare('select * from servers where slug = ?').get(slug);
    if (row === undefined) return null;
    const tools = this.#sqlite
      .prepare(
        `select ${toolColumns}, d.definition, t.class_risk from tools t
         join servers s on s.slug = t.server join definitions d on d.tool = t.id
         where t.server = ? order by t.place`,
      )
      .all(slug);
    const listed = tools.map(toolOf);
    const judged = tools.map((tool, index) => ({
      definition: json(tool, 'definition'),
      classification: classificationOf(tool, listed[index]?.category ?? 'Unclassified'),
    }));
    return {
      ...serverOf(row),
      identity: json<Identity>(row, 'identity'),
      posture: json<Posture>(row, 'posture'),
      instructions: textOrNull(row, 'instructions'),
      counts: json<ServerEntry['counts']>(row, 'counts'),
      firstSeenMs: number(row, 'first_ms'),
      listed,
      policy: policyFor(text(row, 'name'), judged),
    };
  }

  tool(server: string, slug: string): ToolEntry | null {
    const row = this.#sqlite
      .prepare(
        `select ${toolColumns}, t.id, t.class_risk, t.digest, t.tokens, t.first_ms, t.changed_ms,
           d.* from tools t join servers s on s.slug = t.server join definitions d on d.tool = t.id
         where t.server = ? and t.slug = ?`,
      )
      .get(server, slug);
    if (row === undefined) return null;
    return {
      ...toolOf(row),
      definition: json(row, 'definition'),
      digest: text(row, 'digest'),
      // Written by this folder alone.
      classRisk: text(row, 'class_risk') as Risk,
      raising: json<readonly Signal[]>(row, 'signals'),
      evidence: json<readonly Hit[]>(row, 'evidence'),
      sentence: text(row, 'sentence'),
      suspicions: json<readonly Suspicion[]>(row, 'suspicions'),
      tokens: number(row, 'tokens'),
      policy: json(row, 'policy'),
      override: null,
      firstSeenMs: number(row, 'first_ms'),
      changedMs: number(row, 'changed_ms'),
      related: this.#related(row),
      history: this.#history(server, slug),
    };
  }

  changes(of: {
    readonly server: string | null;
    readonly sinceMs: number;
    readonly limit: number;
  }): readonly Change[] {
    const server = of.server === null ? '' : 'and server = ?';
    const values = of.server === null ? [] : [of.server];
    return this.#sqlite
      .prepare(`select * from changes where at_ms >= ? ${server} order by id desc limit ?`)
      .all(of.sinceMs, ...values, of.limit)
      .map(changeOf);
  }

  close(): void {
    this.#sqlite.close();
  }

  /** The same name on other servers, then the server's own tools of the same category. */
  #related(row: Row): readonly ToolSummary[] {
    const from = `from tools t join servers s on s.slug = t.server`;
    const id = number(row, 'id');
    const elsewhere = this.#sqlite
      .prepare(`select ${toolColumns} ${from} where t.name = ? and t.id <> ? order by t.id limit ?`)
      .all(text(row, 'name'), id, relatedMax / 2);
    const beside = this.#sqlite
      .prepare(
        `select ${toolColumns} ${from} where t.server = ? and t.category = ? and t.id <> ?
         order by t.place limit ?`,
      )
      .all(text(row, 'server_slug'), text(row, 'category'), id, relatedMax - elsewhere.length);
    return [...elsewhere, ...beside].map(toolOf);
  }

  #history(server: string, tool: string): readonly Change[] {
    return this.#sqlite
      .prepare('select * from changes where server = ? and tool = ? order by id desc limit ?')
      .all(server, tool, historyMax)
      .map(changeOf);
  }

  #count(search: Search, query: string | null): number {
    const { from, where, values } = selectionOf(search, query);
    return this.#counted(`${from} ${where}`, values);
  }

  #counted(from: string, values: readonly string[]): number {
    const counted = `select count(*) as n from (select 1 from ${from} limit ${countMax + 1})`;
    return number(this.#sqlite.prepare(counted).get(...values) ?? {}, 'n');
  }

  #transaction<T>(work: () => T): T {
    this.#sqlite.exec('begin immediate');
    try {
      const result = work();
      this.#sqlite.exec('commit');
      return result;
    } catch (error) {
      // SQLite has rolled back already what a full disk ended.
      if (this.#sqlite.isTransaction) this.#sqlite.exec('rollback');
      throw error;
    }
  }
}

function selectionOf({ category, risk }: Search, query: string | null) {
  const clauses: string[] = [];
  const values: string[] = [];
  if (category !== null) {
    clauses.push('t.category = ?');
    values.push(category);
  }
  if (risk !== null) {
    clauses.push('t.risk = ?');
    values.push(risk);
  }
  if (query !== null) {
    clauses.push('tools_text match ?');
    values.push(query);
  }
  const joined = query === null ? 'tools t' : 'tools_text x join tools t on t.id = x.rowid';
  return {
    from: `${joined} join servers s on s.slug = t.server`,
    where: clauses.length === 0 ? '' : `where ${clauses.join(' and ')}`,
    values,
  };
}

function classificationOf(row: Row, category: ToolSummary['category']) {
  const signals = json<readonly Signal[]>(row, 'signals');
  return {
    category,
    // Written by this folder alone.
    classRisk: text(row, 'class_risk') as Risk,
    raisedRisk: text(row, 'risk') as Risk,
    signals,
    evidence: [],
    sentence: '',
  };
}
