import type { JsonObject } from '../base/strict-json.ts';

/** A passage of a definition that speaks to the model instead of describing the tool. */
export interface Suspicion {
  readonly id: 'hidden-characters' | 'orders-the-model' | 'secrecy' | 'steers-other-tools';
  /** JSON Pointer into the definition. */
  readonly path: string;
  readonly quote: string;
  /** What is wrong with it, for a person. */
  readonly message: string;
}

interface Pattern {
  readonly id: Suspicion['id'];
  readonly pattern: RegExp;
  readonly message: string;
}

// Tags, bidirectional controls and zero-width characters: a person who reads does not see them.
const patterns: readonly Pattern[] = [
  {
    id: 'hidden-characters',
    pattern: /[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u{e0000}-\u{e007f}]/u,
    message: 'holds characters that a reader does not see and a model does',
  },
  {
    id: 'orders-the-model',
    pattern:
      /<(?:important|system|secret|instructions?)>|\b(?:ignore|disregard|forget) (?:all |any |your |the )*(?:previous|prior|above|earlier|other) (?:instructions?|rules|prompts?|tools?)/i,
    message: 'gives the model orders of its own',
  },
  {
    id: 'secrecy',
    pattern:
      /\b(?:do not|don't|never|without) (?:tell|telling|mention|mentioning|reveal|inform|informing|notify|show|disclose)\w* (?:it |this |that |anything )*(?:to )?(?:the |your )?users?\b/i,
    message: 'asks the model to keep something from the user',
  },
  {
    id: 'steers-other-tools',
    pattern:
      /\b(?:before|instead of|whenever|when) (?:using|calling|you (?:use|call)) (?:any|every|all)(?: of the)? other tools?\b|\bread (?:the )?(?:file )?[`'"]?~\/\.(?:ssh|aws|cursor|config|env)/i,
    message: 'steers what the model does with other tools or with the user’s files',
  },
];

const quoteMax = 120;
const depthMax = 12;
const foundMax = 20;

/** Looks through every text of a definition, names of members included; at most twenty finds. */
export function suspicionsOf(definition: JsonObject): readonly Suspicion[] {
  const found: Suspicion[] = [];
  look(definition, { path: '', depth: 0, found });
  return found.slice(0, foundMax);
}

interface Walk {
  readonly path: string;
  readonly depth: number;
  readonly found: Suspicion[];
}

function look(value: unknown, walk: Walk): void {
  const { path, depth, found } = walk;
  if (depth > depthMax || found.length >= foundMax) return;
  if (typeof value === 'string') return judge(value, path, found);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    const at = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    judge(key, at, found);
    look(member, { path: at, depth: depth + 1, found });
  }
}

function judge(text: string, path: string, found: Suspicion[]): void {
  for (const { id, pattern, message } of patterns) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const from = Math.max(0, match.index - 20);
    const quote = text.slice(from, from + quoteMax).replaceAll(/\s+/g, ' ');
    found.push({ id, path, quote, message });
  }
}
