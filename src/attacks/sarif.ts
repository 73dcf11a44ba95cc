import type { JsonObject } from '../base/strict-json.ts';
import type { ReportCard } from './report-card.ts';

/** What the log says of where the policy is and who looked. */
export interface SarifParts {
  readonly version: string;
  /** The policy file, as a URI. */
  readonly uri: string;
}

/** A report card as a SARIF 2.1.0 log: one result for each gap, one rule for each attack. */
export function sarifOf(card: ReportCard, { version, uri }: SarifParts): JsonObject {
  const open = card.lines.filter(({ verdict }) => verdict === 'through');
  const rules = open.map(({ id, slug, title }) => ({
    id,
    name: slug,
    shortDescription: { text: title },
  }));
  const results = open.flatMap(({ id, title, gaps }) =>
    gaps.map(({ tool, what, fix }) => ({
      ruleId: id,
      level: 'warning',
      message: { text: `${title}: ${tool}: ${what}${fix === null ? '' : '; ' + closeWith(fix)}` },
      locations: [{ physicalLocation: { artifactLocation: { uri } } }],
    })),
  );
  const driver = { name: 'portcullis', version, rules };
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, results }],
  };
}

function closeWith(fix: JsonObject): string {
  return `merge into the policy: ${JSON.stringify(fix)}`;
}
