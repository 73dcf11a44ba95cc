import type { Act } from './act.ts';
import type { Context } from './context.ts';
import { words } from './lexicon.ts';
import { readName } from './name.ts';
import { pointerStep } from './tool.ts';
import type { Hit, Property, ToolText } from './tool.ts';
import { nameWords } from './words.ts';

const looseSelectors = new Set(words('mode type task function verb'));
const selectors = new Set(words('action method operation op command'));
const httpMethods = new Set(words('get post put patch delete head options trace connect'));
const codeNames = new Set(words('code script command javascript js python bash shell cmd source'));

/** What the values of an `action`, `method` or `operation` argument say that the tool can do. */
export function schemaActs(text: ToolText): Act[] {
  return text.properties.filter(selectsAction).flatMap(({ path, values, listed }) =>
    values.flatMap((value, index) => {
      const at = `${path}${listed ? `/enum${pointerStep(String(index))}` : '/const'}`;
      return readName({ text: value, field: 'inputSchema', path: at }).acts.slice(0, 1);
    }),
  );
}

/** Whether the argument chooses between actions, so that its values are read as names are. */
export function selectsAction(property: Property): boolean {
  const name = nameWords(property.name).at(-1)?.text ?? '';
  if (property.values.length === 0 || choosesHttpMethod(property)) return false;
  // A `mode` may be anything; where every value is an order, it is an action by another name.
  return selectors.has(name) || (looseSelectors.has(name) && property.values.every(isOrder));
}

function isOrder(value: string): boolean {
  const [act] = readName({ text: value, field: 'inputSchema', path: '' }).acts;
  return act !== undefined && act.start === 0;
}

/** What single arguments say: an HTTP method to choose, code to run, an amount and who gets it. */
export function schemaHits(text: ToolText, context: Context): Hit[] {
  const hits: Hit[] = [];
  for (const property of text.properties) {
    const name = property.name.toLowerCase();
    if (choosesHttpMethod(property) && !looksUp(property)) {
      hits.push(keyHit(property, { rule: 'schema-http-method', category: 'Execute', weight: 0.6 }));
    }
    if (codeNames.has(name) && property.type === 'string' && property.values.length === 0) {
      hits.push(keyHit(property, { rule: 'schema-code', category: 'Execute', weight: 0.4 }));
    }
    if (context.pays && name === 'amount') {
      hits.push(keyHit(property, { rule: 'schema-amount', category: 'Financial', weight: 0.5 }));
    }
  }
  return hits;
}

/** A hit on an argument's name. */
export function keyHit(property: Property, about: Pick<Hit, 'rule' | 'category' | 'weight'>): Hit {
  const { name, path } = property;
  return { field: 'inputSchema', path, start: 0, end: name.length, quote: name, ...about };
}

function choosesHttpMethod({ values }: Property): boolean {
  return values.length > 1 && values.every((value) => httpMethods.has(value.toLowerCase()));
}

function looksUp({ values }: Property): boolean {
  return values.every((value) => ['get', 'head', 'options'].includes(value.toLowerCase()));
}
