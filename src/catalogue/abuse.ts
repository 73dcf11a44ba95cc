import type { Signal } from '../classify/tool.ts';
import type { Category } from '../policy/index.ts';

const byCategory: Readonly<Record<Category, readonly string[]>> = {
  Read: ['untrusted-then-send'],
  Write: ['repeat', 'spare-argument'],
  Execute: ['run-command', 'spare-argument'],
  Destructive: ['destroy'],
  Financial: ['move-money', 'new-payee', 'repeat'],
  Unclassified: ['unlisted-tool', 'changed-definition'],
};

const bySignal: Readonly<Partial<Record<Signal['id'], readonly string[]>>> = {
  'outbound-message': ['send-out', 'copy-out', 'untrusted-then-send'],
  sql: ['run-sql'],
  code: ['run-command'],
  url: ['fetch-url'],
  'file-path': ['read-path'],
  'hint-conflict': ['changed-definition'],
};

/** The uses of a tool that attacks need, for a tool of this kind; the likeliest first. */
export function abusesOf(tool: {
  readonly category: Category;
  readonly signals: readonly Signal['id'][];
}): readonly string[] {
  const signalled = tool.signals.flatMap((id) => bySignal[id] ?? []);
  return [...new Set([...signalled, ...byCategory[tool.category]])];
}
