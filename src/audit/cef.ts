import type { StoredRecord } from './chain.ts';
import type { RecordBody } from './record.ts';

type Pair = readonly [key: string, value: string | number | null | undefined];

/**
 * A record as one line of ArcSight's Common Event Format, version 0: header fields escape `\` and
 * `|`, extension values `\`, `=` and line ends. Other control characters become spaces.
 */
export function cefLine({ seq, body }: StoredRecord): string {
  const { id, name, severity, pairs } = eventOf(body);
  const header = ['CEF:0', 'Portcullis', 'Portcullis', '1', id, name, String(severity)];
  const all: readonly Pair[] = [['rt', body.time], ['externalId', seq], ...pairs];
  const extension = all
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([key, value]) => `${key}=${extensionText(String(value))}`)
    .join(' ');
  return `${header.map(headerText).join('|')}|${extension}`;
}

interface Event {
  readonly id: string;
  readonly name: string;
  /** 0 to 10. */
  readonly severity: number;
  readonly pairs: readonly Pair[];
}

function eventOf(body: RecordBody): Event {
  const decisionId = custom(1, 'decisionId', body.id);
  switch (body.kind) {
    case 'intent':
      return event('tools/call', 'Tool call forwarded', 3, [
        ...decisionId,
        ...callPairs(body),
        ['act', body.decision],
      ]);
    case 'refusal':
      return event(`tools/call:${body.code}`, 'Tool call refused', 6, [
        ...decisionId,
        ...callPairs(body),
        ['act', body.enforcement],
        ['reason', body.code],
        ['msg', body.message],
      ]);
    case 'outcome':
      return event('tools/call:outcome', 'Tool call answered', 3, [
        ...decisionId,
        ['outcome', body.status],
        ['in', body.answerBytes],
        ['reason', body.code],
      ]);
    case 'method':
      return event(`request:${body.code ?? body.decision}`, 'Request', denied(body) ? 5 : 1, [
        ...decisionId,
        ['suser', body.principal],
        ['dhost', body.server],
        ['requestMethod', body.method],
        ['act', body.decision],
        ['reason', body.code],
        ['src', body.source],
        ['cnt', body.count],
        ['start', body.sinceMs],
      ]);
    case 'approval':
      return event(`approval:${body.event}`, 'Approval', 4, [
        ...custom(1, 'approvalId', body.id),
        ['suser', body.principal],
        ['suid', body.grant],
        ['dhost', body.server],
        ['act', body.event],
        ...custom(2, 'tool', body.tool),
        ...custom(5, 'decisionId', body.call),
      ]);
    case 'admin':
      return event(`admin:${body.action}`, 'Change', 4, [
        ...decisionId,
        ['suser', body.actor],
        ['act', body.action],
        ...custom(2, 'subject', body.subject),
        ...custom(3, 'detail', JSON.stringify(body.detail)),
      ]);
    case 'system':
      return event(`system:${body.event}`, 'Audit log', 2, [
        ...decisionId,
        ['act', body.event],
        ...custom(3, 'detail', JSON.stringify(body.detail)),
      ]);
  }
}

function event(id: string, name: string, severity: number, pairs: readonly Pair[]): Event {
  return { id, name, severity, pairs };
}

function callPairs(body: Extract<RecordBody, { readonly kind: 'intent' | 'refusal' }>): Pair[] {
  return [
    ['suser', body.principal],
    ['suid', body.grant],
    ['dhost', body.server],
    ['requestMethod', 'tools/call'],
    ['requestClientApplication', body.clientDeclared],
    ...custom(2, 'tool', body.tool),
    ...custom(3, 'rule', body.rule),
    ...custom(4, 'policy', body.policy),
  ];
}

function custom(number: number, label: string, value: string | null): Pair[] {
  if (value === null || value === '') return [];
  return [
    [`cs${number}`, value],
    [`cs${number}Label`, label],
  ];
}

function denied(body: { readonly decision: string }): boolean {
  return body.decision === 'deny';
}

function headerText(text: string): string {
  return printable(text.replace(/[\r\n]+/g, ' ')).replace(/[\\|]/g, '\\$&');
}

function extensionText(text: string): string {
  const escaped = text.replace(/[\\=]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n');
  return printable(escaped);
}

function printable(text: string): string {
  return text.replace(/\p{Cc}|\p{Cf}|[\u2028\u2029]/gu, ' ');
}
