import type { Sqlite } from '../embedded/sqlite.ts';

// A step that was released is never edited: the next one changes it.
const steps: readonly string[] = [
  `create table servers (
     slug text primary key, name text not null, version text, source text not null,
     identity text not null, posture text not null, instructions text, grade text not null,
     score integer not null, tools integer not null, tokens integer not null,
     counts text not null, riskier integer not null, first_ms integer not null,
     scanned_ms integer not null
   ) without rowid;
   create table tools (
     id integer primary key, server text not null references servers(slug) on delete cascade,
     place integer not null, slug text not null, name text not null, about text not null,
     category text not null, risk text not null, class_risk text not null,
     digest text not null, body text not null, tokens integer not null,
     signals text not null, first_ms integer not null, changed_ms integer not null,
     unique (server, slug)
   );
   create index tools_by_name on tools (name);
   create index tools_by_kind on tools (category, risk);
   create index tools_by_risk on tools (risk);
   create table definitions (
     tool integer primary key references tools(id) on delete cascade, definition text not null,
     evidence text not null, sentence text not null, suspicions text not null, policy text not null
   );
   create table changes (
     id integer primary key, at_ms integer not null, kind text not null, server text not null,
     server_name text not null, tool text, tool_name text, detail text not null
   );
   create index changes_by_server on changes (server, id);
   create table pending (tool integer primary key);
   create virtual table tools_text using fts5 (
     name, about, server, content = '', contentless_delete = 1, tokenize = "unicode61"
   );`,
];

/** How many steps this program knows. */
export const schemaVersion: number = steps.length;

/** Brings the file to the newest schema, wholly or not at all; false when it is newer than that. */
export function migrateCatalogue(sqlite: Sqlite): boolean {
  const row = sqlite.prepare('pragma user_version').get();
  const found = Number(row?.['user_version'] ?? 0);
  if (found > steps.length) return false;
  if (found === steps.length) return true;
  const rest = steps.slice(found).join(';');
  sqlite.exec(`begin immediate; ${rest}; pragma user_version = ${steps.length}; commit`);
  return true;
}
