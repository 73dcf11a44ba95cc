import type { JsonObject } from '../base/strict-json.ts';
import type { Risk } from '../policy/index.ts';
import type { ScanReport, ToolReport } from './scan.ts';

const levels: Readonly<Record<Risk, string>> = {
  Critical: 'error',
  High: 'error',
  Medium: 'warning',
  Low: 'note',
};

const meanings: Readonly<Record<string, string>> = {
  Write: 'The tool creates or modifies something.',
  Execute: 'The tool runs something whose effect depends on its arguments.',
  Destructive: 'What the tool does cannot be undone.',
  Financial: 'The tool moves money or commits to pay.',
  Unclassified: 'The definition does not say what the tool does.',
  Read: 'The tool only reads, but what it is given raises its risk.',
  'speaks-to-model': 'A definition speaks to the model instead of describing its tool.',
};

/**
 * Reports as one SARIF 2.1.0 log, a run for all: a result for each tool above low risk, and one for
 * each suspicious passage. `uri` is the scanned file, where there was one.
 */
export function sarifOf(
  reports: readonly ScanReport[],
  about: { readonly version: string; readonly uri: string | null },
): JsonObject {
  const results = reports.flatMap((report) => resultsOf(report, about.uri));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'portcullis',
            version: about.version,
            rules: Object.entries(meanings).map(([id, text]) => ({
              id,
              shortDescription: { text },
            })),
          },
        },
        results,
      },
    ],
  };
}

function resultsOf(report: ScanReport, uri: string | null): JsonObject[] {
  const { name } = report.server;
  const tools = report.tools.filter((tool) => tool.risk !== 'Low').map((tool) => toolResult(tool));
  const findings = report.findings.map(({ tool, message, quote, path }) => ({
    ruleId: 'speaks-to-model',
    level: 'error',
    message: { text: `${tool}${path}: ${message}: “${quote}”` },
    tool,
  }));
  return [...tools, ...findings].map(({ tool, ...result }) => ({
    ...result,
    locations: [locationOf({ server: name, tool, uri })],
    partialFingerprints: { 'serverAndTool/v1': `${name}/${tool}` },
  }));
}

function toolResult(tool: ToolReport) {
  const signals = tool.signals.map(({ id }) => id).join(', ');
  const why = signals === '' ? '' : `; signals: ${signals}`;
  return {
    ruleId: tool.category,
    level: levels[tool.risk],
    message: { text: `${tool.name}: ${tool.category}, ${tool.risk} risk${why}` },
    tool: tool.name,
  };
}

function locationOf(at: {
  readonly server: string;
  readonly tool: string;
  readonly uri: string | null;
}): JsonObject {
  const logical = {
    fullyQualifiedName: `${at.server}/${at.tool}`,
    name: at.tool,
    kind: 'function',
  };
  const physical =
    at.uri === null ? {} : { physicalLocation: { artifactLocation: { uri: at.uri } } };
  return { ...physical, logicalLocations: [logical] };
}
