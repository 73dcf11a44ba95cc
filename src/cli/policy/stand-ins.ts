import {
  categories,
  type Category,
  type PinnedTool,
  type PolicyDocument,
} from '../../policy/index.ts';

/** A tool to compare documents for, and what it is called in the answer. */
export interface ComparedTool {
  readonly tool: PinnedTool;
  readonly shown: string;
}

const anyOther = '(any other tool)';

/**
 * Tools that stand for those of a server that is not known: every name in either document, and one
 * that neither names; once for each category where categories matter.
 */
export function standIns(before: PolicyDocument, after: PolicyDocument): readonly ComparedTool[] {
  const documents = [before, after];
  const names = new Set(documents.flatMap(namesOf));
  const matter = documents.some(({ categories: rules }) => rules !== undefined);
  return [...names.values(), anyOther].flatMap((name) => {
    const named = documents.every(({ tools }) => tools !== undefined && Object.hasOwn(tools, name));
    if (!matter || named) return [{ tool: standIn(name, 'Unclassified'), shown: name }];
    return categories.map((category) => ({
      tool: standIn(name, category),
      shown: `${name} as ${category}`,
    }));
  });
}

function namesOf({ tools, hide }: PolicyDocument): readonly string[] {
  return [...Object.keys(tools ?? {}), ...(hide ?? []).filter((name) => name !== '*')];
}

function standIn(name: string, category: Category): PinnedTool {
  const digest = '0'.repeat(64);
  return { name, state: 'pinned', category, risk: 'High', inputSchema: {}, digest };
}
