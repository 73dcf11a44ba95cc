import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { syntaxTree } from '@codemirror/language';
import type { EditorState } from '@codemirror/state';
import type { EditorView, Tooltip } from '@codemirror/view';
import type { SyntaxNode } from '@lezer/common';

import schemaJson from '../../../spec/policy.schema.json' with { type: 'json' };
import { objectOf, type SchemaObject } from '../ui/definition.ts';

const root = objectOf(schemaJson);

/** Names and values that the language knows where the cursor is. */
export function completeFrom(context: CompletionContext): CompletionResult | null {
  const node = syntaxTree(context.state).resolveInner(context.pos, -1);
  const word = context.matchBefore(/"[^"\n]*/);
  if (word === null && !context.explicit) return null;
  const from = word?.from ?? context.pos;
  const after = context.state.sliceDoc(context.pos, context.pos + 1) === '"' ? 1 : 0;
  const inKey =
    node.name === 'PropertyName' ||
    (node.name === 'Object' && !afterColon(context.state, from)) ||
    node.name === 'JsonText';
  const path = pathOf(context.state, node, inKey);
  const schemas = schemasAt(path);
  const options = inKey ? keysOf(schemas) : valuesOf(schemas);
  if (options.length === 0) return null;
  return { from, to: context.pos + after, options, validFor: /^"[^"]*$/ };
}

function afterColon(state: EditorState, from: number): boolean {
  return /:\s*$/.test(state.sliceDoc(Math.max(0, from - 40), from));
}

function keysOf(schemas: readonly SchemaObject[]): readonly Completion[] {
  const found = new Map<string, Completion>();
  for (const schema of schemas) {
    for (const [name, one] of Object.entries(objectOf(schema['properties']))) {
      const { description } = resolved(objectOf(one));
      found.set(name, {
        label: `"${name}"`,
        type: 'property',
        apply: `"${name}": `,
        ...(typeof description === 'string' ? { info: description } : {}),
      });
    }
  }
  return [...found.values()];
}

function valuesOf(schemas: readonly SchemaObject[]): readonly Completion[] {
  const values = schemas.flatMap((schema) => {
    if (Array.isArray(schema['enum'])) return schema['enum'] as readonly unknown[];
    if (schema['const'] !== undefined) return [schema['const']];
    return schema['type'] === 'boolean' ? [true, false] : [];
  });
  return [...new Set(values)].map((value) => ({ label: JSON.stringify(value), type: 'constant' }));
}

/** What the language says of the key under the pointer. */
export function hintAt(view: EditorView, position: number): Tooltip | null {
  const node = syntaxTree(view.state).resolveInner(position, 1);
  if (node.name !== 'PropertyName') return null;
  const name = unquoted(view.state.sliceDoc(node.from, node.to));
  const parents = schemasAt(pathOf(view.state, node, true));
  const own = parents
    .map((schema) => objectOf(objectOf(schema['properties'])[name]))
    .find((one) => Object.keys(one).length > 0);
  const description =
    own === undefined ? undefined : (own['description'] ?? resolved(own)['description']);
  if (typeof description !== 'string') return null;
  return {
    pos: node.from,
    end: node.to,
    create: () => {
      const dom = document.createElement('div');
      dom.className = 'cm-hint';
      dom.textContent = description;
      return { dom };
    },
  };
}

/** The keys from the root to the node; `*` for an element of a list. */
function pathOf(state: EditorState, at: SyntaxNode, inKey: boolean): readonly string[] {
  const path: string[] = [];
  let skip = inKey;
  for (let node: SyntaxNode | null = at; node !== null; node = node.parent) {
    if (node.name === 'Array') path.unshift('*');
    if (node.name !== 'Property') continue;
    const key = node.getChild('PropertyName');
    // The key that is being written is not part of the way to it.
    if (skip && at.parent === node) {
      skip = false;
      continue;
    }
    if (key !== null) path.unshift(unquoted(state.sliceDoc(key.from, key.to)));
  }
  return path;
}

function unquoted(text: string): string {
  return text.replace(/^"|"$/g, '');
}

/** Every schema that a path may be under. */
function schemasAt(path: readonly string[]): readonly SchemaObject[] {
  let here = variants(root);
  for (const key of path) {
    here = here.flatMap((schema) => {
      if (key === '*') return variants(objectOf(schema['items']));
      const own = objectOf(objectOf(schema['properties'])[key]);
      const rest = objectOf(schema['additionalProperties']);
      return variants(Object.keys(own).length > 0 ? own : rest);
    });
  }
  return here;
}

/** A schema with references followed, and each of its choices. */
function variants(schema: SchemaObject): readonly SchemaObject[] {
  const is = resolved(schema);
  const choices = [is['anyOf'], is['oneOf'], is['allOf']].flatMap(listOf);
  const branches = [is['then'], is['else']].filter((one) => one !== undefined);
  return [is, ...[...choices, ...branches].flatMap((one) => variants(objectOf(one)))];
}

function resolved(schema: SchemaObject): SchemaObject {
  const name =
    typeof schema['$ref'] === 'string' ? /^#\/\$defs\/(.+)$/.exec(schema['$ref'])?.[1] : undefined;
  return name === undefined ? schema : objectOf(objectOf(root['$defs'])[name]);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
