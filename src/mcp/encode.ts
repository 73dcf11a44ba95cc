import type { JsonValue } from '../base/strict-json.ts';
import type { Era } from './message.ts';

/** A refusal of a tool call as a result that the model reads. */
export interface ToolRefusal {
  /** JSON text of the id, inserted as it is. */
  readonly id: string;
  readonly era: Era;
  readonly text: string;
  readonly meta: { readonly [key: string]: JsonValue };
}

/** `id` is JSON text inserted as it is; null says that the id could not be told. */
export declare function errorResponse(id: string | null, code: number, message: string, data?: JsonValue): string;
export declare function resultResponse(id: string, resultJson: string): string;
export declare function toolRefusal(refusal: ToolRefusal): string;
export declare function notification(method: string, paramsJson?: string): string;
