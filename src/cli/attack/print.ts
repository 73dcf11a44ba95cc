import { escapeUnprintable as printable } from '../../audit/encode-record.ts';
import { nameOf, outcomeWords, type Attack } from '../../attacks/attack.ts';
import type { CardLine, Gap, ReportCard, Verdict } from '../../attacks/report-card.ts';
import { columns } from '../io.ts';

/** The database as a table. */
export function listLines(attacks: readonly Attack[]): readonly string[] {
  const rows = attacks.map(({ facts, slug }) => [
    facts.id,
    slug,
    outcomeWords[facts.outcome],
    facts.category,
    facts.title,
  ]);
  return columns([['ID', 'ATTACK', 'OUTCOME', 'CATEGORY', 'TITLE'], ...rows]);
}

/** One entry: its facts, its text, and the policy. */
export function showLines({ facts, scenario, policy, text }: Attack): readonly string[] {
  const maps = [...facts.owaspMcp, ...facts.owaspAgentic, ...facts.atlas].join(', ');
  return [
    ...text.trimEnd().split('\n'),
    '',
    `Category: ${facts.category}. Evidence: ${facts.evidence.join(', ')}.`,
    `Sources: ${facts.sources.join('; ')}.`,
    `Listed as: ${maps || 'nothing'}.`,
    `Named control: ${nameOf(scenario.control)}.`,
    '',
    'Policy:',
    ...JSON.stringify(policy, null, 2).split('\n'),
  ].map(printable);
}

const headings: Readonly<Record<Verdict, string>> = {
  through: 'LET THROUGH',
  limited: 'LIMITED',
  held: 'HELD FOR A PERSON',
  stopped: 'STOPPED BY THIS POLICY',
  gateway: 'STOPPED BY THE GATEWAY, WHATEVER THE POLICY',
  none: 'NO TOOL HERE CAN BE USED FOR IT',
};

const gapsShown = 2;
const fixMax = 400;

/** A report card for a person. */
export function cardLines(
  card: ReportCard,
  about: { readonly policy: string; readonly on: string },
): readonly string[] {
  const { counts, lines, permitted, tools } = card;
  const out = [
    `${about.policy}, tried on ${tools} tools of ${about.on}. Nothing was sent to any server.`,
    `${counts.stopped + counts.gateway} stopped, ${counts.held} held, ${counts.limited} limited, ${counts.through} let through; ${counts.none} need tools that are not here.`,
  ];
  if (permitted === 0 && tools > 0) {
    out.push('This policy permits none of these tools: it stops honest work as well.');
  }
  for (const verdict of Object.keys(headings) as readonly Verdict[]) {
    const group = lines.filter((line) => line.verdict === verdict);
    if (group.length === 0) continue;
    out.push('', `${headings[verdict]} (${group.length})`);
    for (const line of group) out.push(...cardLine(line));
  }
  if (counts.through > 0) {
    out.push(
      '',
      'Each rule above is a fragment to merge into the policy; put your own values in place of those in it.',
      'The whole policy with all of them: add --fixed.',
    );
  }
  return out.map(printable);
}

function cardLine(line: CardLine): readonly string[] {
  const contained = line.containOnly ? ' [contain only: a part is out of reach]' : '';
  const head = `  ${line.id} ${line.title}${contained}`;
  if (line.verdict !== 'through') {
    const rules = line.rules.slice(0, 3).join(', ');
    const more = line.rules.length > 3 ? ` and ${line.rules.length - 3} more` : '';
    return [rules === '' ? head : `${head}: ${rules}${more}`];
  }
  const shown = line.gaps.slice(0, gapsShown).flatMap((gap) => gapLines(gap));
  const more = line.gaps.length - gapsShown;
  return [head, ...shown, ...(more > 0 ? [`      and ${more} more: add --json`] : [])];
}

function gapLines({ tool, what, fix }: Gap): readonly string[] {
  return [`      ${tool}: ${what}`, `        ${closeWith(fix)}`];
}

function closeWith(fix: Gap['fix']): string {
  if (fix === null) {
    return 'no single rule closes it: name the tools that you need, or hide this one';
  }
  const text = JSON.stringify(fix);
  return text.length <= fixMax
    ? text
    : `a rule of ${text.length} characters: see --json or --fixed`;
}
