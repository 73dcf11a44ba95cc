import { readJson } from '../../base/json-value.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import type {
  Change,
  ChangeKind,
  ServerSummary,
  Source,
  ToolSummary,
} from '../../catalogue/entry.ts';
import type { Grade } from '../../catalogue/grade.ts';
import type { Signal } from '../../classify/tool.ts';
import type { Category, Risk } from '../../policy/index.ts';

/** A row as SQLite gives it: text and numbers. */
export type Row = Readonly<Record<string, unknown>>;

/** Columns of a tool in lists; `s` is its server. */
export const toolColumns: string = `t.slug, t.name, t.about, t.category, t.risk, t.signals,
  t.server as server_slug, s.name as server_name`;

/** Columns of a server in lists. */
export const serverColumns: string =
  'slug, name, version, source, grade, tools, tokens, scanned_ms';

export function toolOf(row: Row): ToolSummary {
  const signals = json<readonly Signal[]>(row, 'signals');
  return {
    server: { slug: text(row, 'server_slug'), name: text(row, 'server_name') },
    slug: text(row, 'slug'),
    name: text(row, 'name'),
    // This file alone writes these columns, with values of these types.
    category: text(row, 'category') as Category,
    risk: text(row, 'risk') as Risk,
    signals: signals.map(({ id }) => id),
    about: text(row, 'about'),
  };
}

export function serverOf(row: Row): ServerSummary {
  return {
    slug: text(row, 'slug'),
    name: text(row, 'name'),
    version: textOrNull(row, 'version'),
    // Written by this folder alone, as all of these.
    source: text(row, 'source') as Source,
    grade: json<Grade>(row, 'grade'),
    tools: number(row, 'tools'),
    tokens: number(row, 'tokens'),
    scannedMs: number(row, 'scanned_ms'),
  };
}

export function changeOf(row: Row): Change {
  const slug = textOrNull(row, 'tool');
  return {
    atMs: number(row, 'at_ms'),
    // Written by this folder alone.
    kind: text(row, 'kind') as ChangeKind,
    server: { slug: text(row, 'server'), name: text(row, 'server_name') },
    tool: slug === null ? null : { slug, name: text(row, 'tool_name') },
    detail: text(row, 'detail'),
  };
}

export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : '';
}

export function textOrNull(row: Row, column: string): string | null {
  const value = row[column];
  return typeof value === 'string' ? value : null;
}

export function number(row: Row, column: string): number {
  return Number(row[column] ?? 0);
}

/** A column that holds JSON which this folder wrote as a `T`. */
export function json<T = JsonObject>(row: Row, column: string): T {
  return readJson(text(row, column)) as T;
}
