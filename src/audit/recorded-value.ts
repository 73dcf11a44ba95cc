import type { RecordedValue } from './record.ts';

/** What the operator asks records to hold of one tool's arguments, beside their digest. */
export interface ToolRecording {
  /** `digests`: a keyed digest of each top-level argument. `values`: the values as well. */
  readonly level: 'digests' | 'values';
  /** Paths into the arguments whose values are never kept. */
  readonly redact: readonly RedactPath[];
}

/** Which tools' records hold more than names and one digest; null for one that does not. */
export type Recording = (server: string, tool: string) => ToolRecording | null;

/** Member names and list positions, as texts; `*` stands for any one of them. */
export type RedactPath = readonly string[];

/** What a redacted value reads as. */
export const redacted = '[redacted]';

const nodesMax = 1_000;
const depthMax = 16;
const charactersMax = 1_024;
const totalCharactersMax = 32_768;

/** Names of members whose values are secrets, wherever they stand. */
const secretName =
  /pass(?:word|wd|phrase)|secret|token|api[-_]?key|private[-_]?key|access[-_]?key|authorization|credential|cookie|session[-_]?id|\bcvv\b|\bcvc\b|\bpin\b|\bssn\b|\botp\b/i;

/**
 * Texts that are secrets, or hold one, whatever their member is called: tokens of known issuers,
 * JSON Web Tokens (RFC 7519), private keys in PEM (RFC 7468), credentials of HTTP (RFC 9110 §11.4)
 * and of URLs (RFC 3986 §3.2.1).
 */
const secretTexts: readonly RegExp[] = [
  /\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_A-Za-z0-9]{8,}/,
  /\bsk-[A-Za-z0-9]{20,}/,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/,
  /\bglpat-[A-Za-z0-9_-]{16,}/,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/,
  /\bAIza[A-Za-z0-9_-]{30,}/,
  /\bpcl_[A-Za-z0-9_-]{20,}/,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/i,
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i,
];

/**
 * A value as a record keeps it: secrets and the named paths replaced, long texts and large
 * structures cut and marked as such. The result is at most some tens of kilobytes.
 */
export function recordedValue(value: unknown, redact: readonly RedactPath[]): RecordedValue {
  return keep(value, redact, { nodes: 0, characters: 0, depth: 0 });
}

/** Whether a text is, or holds, what looks like a secret. */
export function looksSecret(text: string): boolean {
  return secretTexts.some((pattern) => pattern.test(text)) || holdsCardNumber(text);
}

interface Budget {
  nodes: number;
  characters: number;
  depth: number;
}

function keep(value: unknown, paths: readonly RedactPath[], budget: Budget): RecordedValue {
  budget.nodes += 1;
  if (budget.nodes > nodesMax || budget.characters > totalCharactersMax) return '[cut]';
  if (typeof value === 'string') return keepText(value, budget);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object') return '[cut]';
  if (budget.depth >= depthMax) return '[cut]';

  budget.depth += 1;
  const kept = Array.isArray(value)
    ? keepList(value, paths, budget)
    : keepObject(Object.entries(value), paths, budget);
  budget.depth -= 1;
  return kept;
}

function keepText(text: string, budget: Budget): string {
  if (looksSecret(text)) return redacted;
  const kept =
    text.length <= charactersMax
      ? text
      : `${text.slice(0, charactersMax)} [cut: ${text.length - charactersMax} more]`;
  budget.characters += kept.length;
  return kept;
}

function keepList(
  list: readonly unknown[],
  paths: readonly RedactPath[],
  budget: Budget,
): RecordedValue {
  const kept: RecordedValue[] = [];
  for (const [index, value] of list.entries()) {
    if (budget.nodes > nodesMax) {
      kept.push(`[cut: ${list.length - index} more]`);
      break;
    }
    kept.push(keepMember(String(index), value, paths, budget));
  }
  return kept;
}

function keepObject(
  members: readonly (readonly [string, unknown])[],
  paths: readonly RedactPath[],
  budget: Budget,
): RecordedValue {
  const kept: [string, RecordedValue][] = [];
  for (const [index, [name, value]] of members.entries()) {
    if (budget.nodes > nodesMax) {
      kept.push(['[cut]', `${members.length - index} more`]);
      break;
    }
    budget.characters += name.length;
    const shown = name.length > charactersMax ? `${name.slice(0, charactersMax)} [cut]` : name;
    const secret = secretName.test(name) && value !== null && typeof value !== 'boolean';
    kept.push([shown, secret ? redacted : keepMember(name, value, paths, budget)]);
  }
  return Object.fromEntries(kept);
}

function keepMember(
  name: string,
  value: unknown,
  paths: readonly RedactPath[],
  budget: Budget,
): RecordedValue {
  const rest = paths.filter(([first]) => first === name || first === '*');
  if (rest.some((path) => path.length === 1)) return redacted;
  return keep(
    value,
    rest.map((path) => path.slice(1)),
    budget,
  );
}

/** 13 to 19 digits, alone or in groups, whose check digit fits (ISO/IEC 7812-1, annex B). */
function holdsCardNumber(text: string): boolean {
  for (const [found] of text.matchAll(/(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])/g)) {
    const digits = Array.from(found.replace(/[ -]/g, ''), Number).toReversed();
    let sum = 0;
    for (const [index, digit] of digits.entries()) {
      const doubled = index % 2 === 1 ? digit * 2 : digit;
      sum += doubled > 9 ? doubled - 9 : doubled;
    }
    if (sum % 10 === 0 && !/^0+$/.test(digits.join(''))) return true;
  }
  return false;
}
