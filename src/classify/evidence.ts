import { risks } from '../policy/document.ts';
import type { Category, Risk } from '../policy/request.ts';
import { unreachable } from '../base/assert.ts';
import type { Field, Hit, Signal, SignalId } from './tool.ts';

const quoteMax = 60;
const quotesMax = 3;

/** One sentence that says what a tool was found to be and quotes why; it is made of hits alone. */
export function sentenceOf(answer: {
  readonly category: Category;
  readonly classRisk: Risk;
  readonly raisedRisk: Risk;
  readonly signals: readonly Signal[];
  readonly evidence: readonly Hit[];
}): string {
  const { category, classRisk, raisedRisk, signals, evidence } = answer;
  const opening = `${category}, ${classRisk} risk`;
  const because = reasons(category, evidence);
  const raised =
    raisedRisk === classRisk
      ? ''
      : `; raised to ${raisedRisk} by ${listed(signals.filter(raises(classRisk)).map(labelOf))}`;
  const disputed = signals.some((signal) => signal.id === 'hint-conflict')
    ? '; the server’s own readOnlyHint says otherwise'
    : '';
  return `${opening}: ${because}${raised}${disputed}.`;
}

function reasons(category: Category, evidence: readonly Hit[]): string {
  const said = new Set<string>();
  for (const hit of evidence) {
    if (said.size >= quotesMax) break;
    if (hit.category !== category || category === 'Unclassified') continue;
    said.add(`${fieldLabel(hit.field)} says “${shortened(hit.quote)}”`);
  }
  if (said.size === 0) return 'neither the name nor the description says what the tool does';
  return listed([...said]);
}

function raises(classRisk: Risk): (signal: Signal) => boolean {
  return ({ atLeast }) => risks.indexOf(atLeast) > risks.indexOf(classRisk);
}

function shortened(quote: string): string {
  const line = quote.replaceAll(/\s+/g, ' ');
  // A surrogate pair that the cut would divide is left out whole.
  const cut = line.slice(0, quoteMax).replace(/[\uD800-\uDBFF]$/, '');
  return line.length <= quoteMax ? line : `${cut}…`;
}

function listed(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

function fieldLabel(field: Field): string {
  switch (field) {
    case 'name':
      return 'the name';
    case 'title':
      return 'the title';
    case 'description':
      return 'the description';
    case 'inputSchema':
      return 'the input schema';
    case 'annotations':
      return 'a hint';
    default:
      return unreachable(field);
  }
}

function labelOf({ id }: Signal): string {
  return signalLabels[id];
}

/** What each signal is called in front of people. */
export const signalLabels: Readonly<Record<SignalId, string>> = {
  'outbound-message': 'a message that goes out to people',
  credentials: 'credentials',
  bulk: 'acting in bulk',
  admin: 'administration rights',
  code: 'free-form code',
  sql: 'free-form SQL',
  url: 'a URL to reach out to',
  'file-path': 'a file path',
  'hint-destructive': 'the server’s own destructiveHint',
  'hint-conflict': 'a hint that contradicts the definition',
};
