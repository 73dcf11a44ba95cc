import type { JsonText } from './strict-json.ts';

/** The canonical text of a JSON value: see the implementation's rules. */
export declare function canonicalJson(text: JsonText, start?: number, end?: number): string;
