import { escapeUnprintable } from '../../audit/encode-record.ts';
import type { ScanReport, ToolReport } from '../../catalogue/scan.ts';
import type { Hit } from '../../classify/tool.ts';
import { columns } from '../io.ts';

const nameMax = 44;
const evidenceMax = 60;

/** A report as a table for people: tool, category, risk, signals, evidence; then the server. */
export function reportLines(report: ScanReport): readonly string[] {
  const { server, posture, grade, counts, tokens, findings, tools } = report;
  const version = server.version === null ? '' : ` ${server.version}`;
  const rows = tools.map((tool) => [
    cut(tool.name, nameMax),
    tool.category,
    tool.risk,
    tool.signals.map(({ id }) => id).join(', ') || '-',
    evidenceOf(tool),
  ]);
  const table = columns([['TOOL', 'CATEGORY', 'RISK', 'SIGNALS', 'EVIDENCE'], ...rows]);
  const count = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, number]) => `${number} ${name}`)
      .join(', ');
  return [
    `${server.name}${version} (${posture.transport}, ${posture.where})`,
    '',
    ...(tools.length === 0 ? ['it lists no tools'] : table),
    '',
    `grade ${grade.letter} (${grade.score} of 100)`,
    ...grade.deductions.map(({ points, why }) => `  -${points}  ${why}`),
    `tools ${tools.length}: ${count(counts.category)}; risk: ${count(counts.risk)}`,
    `definitions cost a model about ${tokens} tokens with every request`,
    ...(posture.asks.length === 0 ? [] : [`it asks its clients for: ${posture.asks.join(', ')}`]),
    ...findings.map(
      ({ tool, path, message, quote }) => `warning: ${tool}${path} ${message}: "${quote}"`,
    ),
  ].map(printable);
}

/** Text of a stranger's on a terminal: what is not printable ASCII is shown as an escape. */
export function printable(line: string): string {
  return escapeUnprintable(line.replaceAll(/[“”]/g, '"').replaceAll('×', 'x'));
}

function evidenceOf(tool: ToolReport): string {
  const own = tool.evidence.filter((hit) => hit.category === tool.category);
  const said = own.slice(0, 2).map((hit) => `${placeOf(hit)}: ${cut(hit.quote, 24)}`);
  return cut([...new Set(said)].join('; ') || 'the definition does not say', evidenceMax);
}

function placeOf({ field }: Hit): string {
  return field === 'inputSchema' ? 'schema' : field;
}

function cut(text: string, max: number): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= max ? line : `${line.slice(0, max - 3)}...`;
}
